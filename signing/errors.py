"""What can go wrong around tokens, signatures and their services: one class per cause."""

from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_


class TokenError(SohoaError):
    """Base of everything a token or a PIN can refuse; a batch stops at it."""

    exit_code = ExitCode.TOKEN
    message = N_("Token {token}: {detail}")


class TokenNotFound(TokenError):
    """No token of that serial in any slot of the module."""

    message = N_(
        "The signing token with serial {token} is not plugged in. Plug it in and try again."
    )


class TokenGone(TokenError):
    """The token was pulled out, or stopped answering, while it was in use."""

    message = N_(
        "The signing token {token} was pulled out or stopped answering. "
        "Plug it in again; files signed before this are whole."
    )


class TokenLocked(TokenError):
    """The token itself says that its PIN is locked."""

    message = N_("The PIN of token {token} is locked. Ask the certificate provider to unlock it.")


class WrongPin(TokenError):
    """The token refused the PIN; it was tried once and is not tried again."""

    message = N_(
        "The PIN of token {token} is wrong. It was tried once and will not be tried again by "
        "itself; too many wrong PINs lock the token. Check the PIN, then start again."
    )


class PinLengthWrong(TokenError):
    """The token takes no PIN of that length."""

    message = N_(
        "The PIN is shorter or longer than token {token} takes. It was handed over once and will "
        "not be tried again by itself. Check the PIN, then start again."
    )


class PinExpired(TokenError):
    """The token wants its PIN changed before it does anything."""

    message = N_(
        "The PIN of token {token} must be changed before it can sign. "
        "Change it with the provider's tool, then try again."
    )


class PinNotTyped(TokenError):
    """Nobody typed the PIN on the token's keypad, or the cancel key was pressed."""

    message = N_(
        "The PIN of token {token} was not typed, or it was cancelled on the keypad. "
        "Start again and type it when the token asks for it."
    )


class PinLastTry(TokenError):
    """One more wrong PIN would lock the token."""

    message = N_(
        "Token {token} has one PIN try left; a wrong PIN will lock it. Nothing was tried. "
        "If you are sure of the PIN, confirm the last try."
    )


class NoPin(TokenError):
    """There is nobody to ask for the PIN, or the answer was empty."""

    message = N_(
        "No PIN was given for token {token}. Type it when asked, "
        "or hand it over through a file descriptor (--pin-fd)."
    )


class PinNotSet(TokenError):
    """The token has no user PIN yet."""

    message = N_("Token {token} has no PIN yet. Set one with the provider's tool, then try again.")


class KeyNotFound(TokenError):
    """No certificate or no private key with the id that the office profile names."""

    message = N_(
        "Token {token} holds no key and certificate with id {key_id}. "
        "Run “sohoa devices” to see what it holds, then correct the office profile."
    )


class CertificateMismatch(TokenError):
    """Key and certificate of that id do not belong together."""

    message = N_(
        "On token {token} the certificate with id {key_id} does not belong to the key. "
        "Nothing was signed. Ask the certificate provider to repair the token."
    )


class CertificateExpired(TokenError):
    """The certificate is not valid today."""

    message = N_(
        "The certificate of {signer} is valid from {start} to {end}, not now. "
        "Check the computer's clock, or renew the certificate."
    )


class CertificateNotForSigning(TokenError):
    """The key usage of the certificate forbids signatures on documents."""

    message = N_(
        "The certificate of {signer} may not be used to sign documents. "
        "Choose another key in the office profile."
    )


class NoMechanism(TokenError):
    """The token cannot make the kind of signature that its key would need."""

    message = N_(
        "The token offers no operation for {algorithm}. "
        "Choose another key in the office profile, or ask the provider for a newer driver."
    )


class DriverSilent(TokenError):
    """A driver did not answer in time; its process was ended."""

    message = N_(
        "The token driver {module} did not answer within {seconds} seconds and was stopped. "
        "Unplug the token, plug it in, try again; files signed before this are whole."
    )


class DriverCrashed(TokenError):
    """The process a driver runs in ended by itself."""

    message = N_(
        "The token driver {module} crashed ({detail}). Unplug the token, plug it in, try again; "
        "if it happens again, install the driver again. Files signed before this are whole."
    )


class TokenFault(TokenError):
    """The driver answered with an error that has no class of its own."""

    message = N_(
        "Token {token} answered with an error ({detail}). Unplug it, plug it in, try again."
    )


class DriverMissing(SohoaError):
    """The PKCS#11 module is not on this machine."""

    exit_code = ExitCode.SETUP
    message = N_(
        "The token driver {module} is not installed. "
        "Install the driver of the token's maker, or correct the office profile."
    )


class DriverFault(SohoaError):
    """The PKCS#11 module is there and does not start."""

    exit_code = ExitCode.SETUP
    message = N_("The token driver {module} does not start ({detail}). Install it again.")


class BadDriverList(SohoaError):
    """drivers.toml is not what it should be."""

    exit_code = ExitCode.SETUP
    message = N_('{file}: {detail}. It needs a line: modules = ["/path/to/driver.so", …]')


class FontMissing(SohoaError):
    """Tinos, the font of the visible signature text, is not installed."""

    exit_code = ExitCode.SETUP
    message = N_("The font Tinos is not installed. Install it: sudo apt-get install fonts-croscore")


class ImageUnusable(SohoaError):
    """The picture that the profile wants beside the text is missing or no PNG."""

    exit_code = ExitCode.SETUP
    message = N_(
        "The picture {file} of the signature cannot be read ({detail}). "
        "Correct “image” under [[signatures]] in the profile."
    )


class NoRoomForText(SohoaError):
    """Page 1 has no free place for the visible text, in no corner and along no edge."""

    exit_code = ExitCode.INPUT
    message = N_(
        "{file}: page 1 has no room for the text of the signature, and it is not put over what "
        "is printed there. Make room with sohoa digitize, or set visible = false in the profile."
    )


class OutOfOrder(SohoaError):
    """Somebody else has to sign first, says the profile."""

    exit_code = ExitCode.INPUT
    message = N_(
        "{file} was not signed: “{first}” has to sign it first (sohoa sign --signer {first})."
    )


class RehearsalMissing(SohoaError):
    """A part of the rehearsal PKI is not installed."""

    exit_code = ExitCode.SETUP
    message = N_("{part} is not installed; the rehearsal needs it. Install it: {command}")


class ServiceError(SohoaError):
    """Base of what a service on the network can refuse; a batch stops at it."""

    exit_code = ExitCode.SERVICE
    message = N_("The service {url} failed: {detail}")


class TimestampUnavailable(ServiceError):
    """No timestamp service gave a usable timestamp."""

    message = N_(
        "No timestamp could be had from {url} ({detail}). Nothing was written. "
        "Check the network and try again, or sign with level b-b."
    )


class NoTimestampService(ServiceError):
    """The level asks for a timestamp and the office profile names no service."""

    exit_code = ExitCode.SETUP
    message = N_(
        "Level {level} needs a timestamp service. "
        "Put its address into timestamp_urls of the office profile."
    )


class RevocationUnavailable(ServiceError):
    """The state of a certificate could not be fetched; B-LT cannot be made now."""

    message = N_(
        "{file}: the data that proves the certificates good could not be fetched ({detail}). "
        "Nothing was written. Check the network and try again, or sign with level b-t."
    )


class ChainNotProven(ServiceError):
    """A certificate does not lead to a root of the office, or is out of date."""

    message = N_(
        "{file}: a certificate could not be proven good ({detail}). Nothing was written. "
        "Check trust and chain in the office profile, or sign with level b-t."
    )


class CertificateRevoked(TokenError):
    """The signer's certificate, or one above it, has been revoked."""

    message = N_(
        "{file}: a certificate has been revoked ({detail}). Nothing was written. "
        "Ask the certificate provider for a new one."
    )


class PdfUnreadable(SohoaError):
    """The file is missing, is not a PDF, or is damaged."""

    exit_code = ExitCode.INPUT
    message = N_("{file} cannot be read as a PDF ({detail}). Check the file.")


class NotWritable(SohoaError):
    """The signed file cannot be written: no space, no permission, no such folder."""

    exit_code = ExitCode.INPUT
    message = N_(
        "{file} cannot be written ({detail}). Check the free space and the permissions; "
        "nothing was half-written."
    )


class NoSpace(SohoaError):
    """The disk ran full; a batch stops at it."""

    exit_code = ExitCode.SETUP
    message = N_(
        "{file} cannot be written: the disk is full. Nothing was half-written; free some space "
        "and start again: what is signed is kept."
    )


class PdfEncrypted(SohoaError):
    """The file is protected with a password."""

    exit_code = ExitCode.INPUT
    message = N_("{file} is protected with a password. Remove the protection first.")


class AlreadySigned(SohoaError):
    """This signer has signed this file before."""

    exit_code = ExitCode.INPUT
    message = N_("{file} is already signed by {signer}. It was not signed again.")


class ChangesForbidden(SohoaError):
    """An earlier signature forbids any later one."""

    exit_code = ExitCode.INPUT
    message = N_("{file}: an earlier signature forbids further signatures. It was not signed.")


class EarlierSignatureBroken(SohoaError):
    """The file carries a signature that no longer holds; nobody should sign on top of it."""

    exit_code = ExitCode.SIGNATURE
    message = N_("{file}: an earlier signature does not hold ({detail}). It was not signed.")


class NotSigned(SohoaError):
    """A file was to be lifted that nobody has signed."""

    exit_code = ExitCode.INPUT
    message = N_("{file} is not signed, so there is nothing to lift. Sign it first (sohoa sign).")


class NotLifted(SohoaError):
    """A file was to be lifted whose signatures do not hold, or cannot be proven."""

    exit_code = ExitCode.SIGNATURE
    message = N_(
        "{file} was not lifted: a signature in it is not valid ({detail}). "
        "See what is wrong: sohoa verify {file}"
    )


class OutputNotSound(SohoaError):
    """The signed file did not pass its own check and was thrown away."""

    exit_code = ExitCode.SIGNATURE
    message = N_(
        "{file}: the new signature did not pass its check ({detail}) and was thrown away. "
        "Try again; if it happens again, have the token checked."
    )


class BadTrustFile(SohoaError):
    """A file of trusted roots that cannot be read or holds no certificate."""

    exit_code = ExitCode.INPUT
    message = N_("{file} holds no readable certificate ({detail}). Give a PEM or DER file.")


class BadPolicyFile(SohoaError):
    """A validation policy that cannot be read or is not one."""

    exit_code = ExitCode.INPUT
    message = N_("{file} is no validation policy: {detail}. Copy the one sohoa comes with.")


class NotOneRoot(SohoaError):
    """A file with more, or fewer, certificates than the one to be trusted."""

    exit_code = ExitCode.INPUT
    message = N_("{file} holds {count} certificates. Give a file with the one root to trust.")


class RootNotConfirmed(SohoaError):
    """A root was to be trusted and nobody compared its fingerprint."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_(
        "{name} is not trusted yet. Compare its fingerprint with the one its owner published, "
        "then add it with: --fingerprint {fingerprint}"
    )


class WrongFingerprint(SohoaError):
    """The root in the file is not the one whose fingerprint was given."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_(
        "{file} is another certificate than the one confirmed: its fingerprint is {fingerprint}. "
        "It was not added. Get the file again from its owner."
    )


class UnknownRoot(SohoaError):
    """No trusted root has the fingerprint."""

    exit_code = ExitCode.INPUT
    message = N_(
        "No trusted root has the fingerprint {fingerprint}. See them all: sohoa trust list"
    )


class AmbiguousRoot(SohoaError):
    """Several trusted roots begin with the same digits."""

    exit_code = ExitCode.INPUT
    message = N_("Several trusted roots begin with {fingerprint}. Give more of its digits.")
