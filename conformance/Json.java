import java.util.Collection;
import java.util.stream.Collectors;

/** Just enough JSON to hand findings on. */
final class Json {
    /** An object of the names and values given in turn, on one line. */
    static String line(Object... namesAndValues) {
        var out = new StringBuilder("{");
        for (int i = 0; i < namesAndValues.length; i += 2) {
            out.append(i == 0 ? "" : ", ").append(value(namesAndValues[i])).append(": ")
                    .append(value(namesAndValues[i + 1]));
        }
        return out.append("}").toString();
    }

    private static String value(Object value) {
        if (value instanceof Boolean || value instanceof Number) {
            return value.toString();
        }
        if (value instanceof Collection<?> many) {
            return many.stream().map(Json::value).collect(Collectors.joining(", ", "[", "]"));
        }
        var text = new StringBuilder("\"");
        for (char letter : String.valueOf(value).toCharArray()) {
            if (letter == '"' || letter == '\\') {
                text.append('\\').append(letter);
            } else if (letter < ' ') {
                text.append(String.format("\\u%04x", (int) letter));
            } else {
                text.append(letter);
            }
        }
        return text.append('"').toString();
    }
}
