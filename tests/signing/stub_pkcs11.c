/* A stub PKCS#11 module: SoftHSM2 as it is, except where a control file says otherwise.
 *
 * For what no real token can be made to do in a test: a last try, a lock, a keypad, a card
 * pulled out, a driver that hangs or crashes. STUB_CONTROL names the control file, read anew at
 * every call: lines of a word and a value. STUB_LOG names a file that every call of interest is
 * written to. Compiled by the tests: gcc -shared -fPIC stub_pkcs11.c -o stub_pkcs11.so -ldl
 *
 *   flags_on F, flags_off F    bits of the token's flags
 *   login R, context R         what C_Login returns instead of trying, for the user or a signature
 *   sign R, sign_after N       what C_Sign returns, from the Nth signature of the process on
 *   gone 1                     no token; every call says CKR_DEVICE_REMOVED
 *   mechanisms A,B             what the token offers
 *   each_time 1                CKA_ALWAYS_AUTHENTICATE: C_Sign wants a login after C_SignInit
 *   keypad_pin P               what is "typed" when C_Login comes without a PIN
 *   hang NAME, crash NAME      in the function of this name
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long ulong;
typedef ulong (*function)();

enum { /* places in CK_FUNCTION_LIST, PKCS#11 2.40 */
    INITIALIZE = 0, GET_FUNCTION_LIST = 3, GET_SLOT_LIST = 4, GET_TOKEN_INFO = 6,
    GET_MECHANISM_LIST = 7, LOGIN = 18, GET_ATTRIBUTE_VALUE = 24, SIGN_INIT = 42, SIGN = 43,
    FUNCTIONS = 68
};
#define DEVICE_REMOVED 0x32UL
#define USER_NOT_LOGGED_IN 0x101UL
#define BUFFER_TOO_SMALL 0x150UL
#define CONTEXT_SPECIFIC 2UL
#define ALWAYS_AUTHENTICATE 0x202UL
/* The flags in CK_TOKEN_INFO stand behind four texts of 32, 32, 16 and 16 bytes. */
#define FLAGS_OFFSET 96

static struct list { unsigned char version[2]; function at[FUNCTIONS]; } real, ours;
static ulong signatures, confirmed;

struct attribute { ulong type; void *value; ulong length; };

/* The value behind a word of the control file; NULL where it is not there. */
static const char *told(const char *word) {
    static char value[256];
    char line[300], name[40];
    const char *path = getenv("STUB_CONTROL"), *found = NULL;
    FILE *file = path ? fopen(path, "r") : NULL;
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "%39s %255s", name, value) == 2 && !strcmp(name, word)) {
            found = value;
            break;
        }
    if (file) fclose(file);
    return found;
}

static ulong number(const char *word, ulong otherwise) {
    const char *value = told(word);
    return value ? strtoul(value, NULL, 0) : otherwise;
}

/* Note the call down, then hang, crash or be gone if that is asked for. */
static ulong enter(const char *name, const char *detail) {
    const char *path = getenv("STUB_LOG"), *value;
    FILE *file = path ? fopen(path, "a") : NULL;
    if (file) {
        fprintf(file, "%s %s\n", name, detail);
        fclose(file);
    }
    if ((value = told("hang")) && !strcmp(value, name))
        for (;;) pause();
    if ((value = told("crash")) && !strcmp(value, name)) raise(SIGSEGV);
    return number("gone", 0) ? DEVICE_REMOVED : 0;
}

static ulong initialize(void *arguments) {
    enter("C_Initialize", "");
    return real.at[INITIALIZE](arguments);
}

static ulong get_slot_list(unsigned char present, ulong *slots, ulong *count) {
    if (enter("C_GetSlotList", "")) {
        *count = 0;
        return 0;
    }
    return real.at[GET_SLOT_LIST](present, slots, count);
}

static ulong get_token_info(ulong slot, unsigned char *info) {
    ulong flags, answer = enter("C_GetTokenInfo", "");
    if (answer || (answer = real.at[GET_TOKEN_INFO](slot, info))) return answer;
    memcpy(&flags, info + FLAGS_OFFSET, sizeof flags);
    flags = (flags | number("flags_on", 0)) & ~number("flags_off", 0);
    memcpy(info + FLAGS_OFFSET, &flags, sizeof flags);
    return 0;
}

static ulong get_mechanism_list(ulong slot, ulong *list, ulong *count) {
    ulong wanted = 0, offered[16];
    const char *value = told("mechanisms");
    if (!value) return real.at[GET_MECHANISM_LIST](slot, list, count);
    for (char *next = (char *)value; *next && wanted < 16; next += *next == ',')
        offered[wanted++] = strtoul(next, &next, 0);
    if (list && *count < wanted) return BUFFER_TOO_SMALL;
    if (list) memcpy(list, offered, wanted * sizeof *list);
    *count = wanted;
    return 0;
}

static ulong login(ulong session, ulong user, char *pin, ulong length) {
    const char *typed;
    ulong answer = enter("C_Login", user == CONTEXT_SPECIFIC ? (pin ? "context pin" : "context keypad")
                                                             : (pin ? "user pin" : "user keypad"));
    if (answer) return answer;
    if (told(user == CONTEXT_SPECIFIC ? "context" : "login"))
        return number(user == CONTEXT_SPECIFIC ? "context" : "login", 0);
    if (user == CONTEXT_SPECIFIC) {
        confirmed = 1;
        return 0;
    }
    if (!pin && (typed = told("keypad_pin")))
        return real.at[LOGIN](session, user, typed, strlen(typed));
    return real.at[LOGIN](session, user, pin, length);
}

static ulong get_attribute_value(ulong session, ulong object, struct attribute *wanted, ulong count) {
    if (count != 1 || wanted->type != ALWAYS_AUTHENTICATE || !number("each_time", 0))
        return real.at[GET_ATTRIBUTE_VALUE](session, object, wanted, count);
    wanted->length = 1;
    if (wanted->value) *(unsigned char *)wanted->value = 1;
    return 0;
}

static ulong sign_init(ulong session, void *mechanism, ulong key) {
    ulong answer = enter("C_SignInit", "");
    confirmed = 0;
    return answer ? answer : real.at[SIGN_INIT](session, mechanism, key);
}

static ulong sign(ulong session, void *data, ulong length, void *value, ulong *value_length) {
    ulong answer = enter("C_Sign", "");
    if (answer) return answer;
    if (number("each_time", 0) && !confirmed) return USER_NOT_LOGGED_IN;
    if (signatures++ >= number("sign_after", 0) && told("sign")) return number("sign", 0);
    return real.at[SIGN](session, data, length, value, value_length);
}

ulong C_GetFunctionList(struct list **out) {
    struct list *softhsm;
    void *library = dlopen(getenv("STUB_REAL"), RTLD_NOW | RTLD_LOCAL);
    function get = library ? (function)dlsym(library, "C_GetFunctionList") : NULL;
    if (!get || get(&softhsm)) return 0x05UL; /* CKR_GENERAL_ERROR */
    real = ours = *softhsm;
    ours.at[INITIALIZE] = initialize;
    ours.at[GET_FUNCTION_LIST] = C_GetFunctionList;
    ours.at[GET_SLOT_LIST] = (function)get_slot_list;
    ours.at[GET_TOKEN_INFO] = get_token_info;
    ours.at[GET_MECHANISM_LIST] = get_mechanism_list;
    ours.at[LOGIN] = login;
    ours.at[GET_ATTRIBUTE_VALUE] = get_attribute_value;
    ours.at[SIGN_INIT] = sign_init;
    ours.at[SIGN] = sign;
    *out = &ours;
    return 0;
}
