"""What can go wrong with a remote signing service: one class per cause."""

from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_
from signing.errors import ServiceError, TokenError


class RemoteUnavailable(ServiceError):
    """The service cannot be reached, or does not answer in time."""

    message = N_(
        "The signing service {url} does not answer ({detail}). Nothing was written. "
        "Check the network, then start again; a new code will be asked for."
    )


class RemoteBusy(ServiceError):
    """The service says that it has too much to do (HTTP 429, 503)."""

    message = N_(
        "The signing service {url} is busy ({detail}). Nothing was written. "
        "Wait a few minutes, then start again; a new code will be asked for."
    )


class RemoteAccessRefused(ServiceError):
    """The office's own access to the service was refused (HTTP 401)."""

    message = N_(
        "The signing service {url} does not let this office in ({detail}). It was tried once. "
        "Renew the access token or password that the office profile names."
    )


class RemoteRefused(ServiceError):
    """The service refused for a reason that has no class of its own."""

    message = N_(
        "The signing service {url} refused ({detail}). Nothing was written. "
        "Start again; if it happens again, tell the service this word."
    )


class RemoteTooLate(ServiceError):
    """The authorisation had run out before the service signed."""

    message = N_(
        "The signing service {url} says that the authorisation has run out. Nothing was written. "
        "Start again and enter the new code at once."
    )


class RemoteAnswerWrong(ServiceError):
    """The service answered, and not with what was asked for."""

    message = N_(
        "The signing service {url} gave a wrong answer ({detail}). Nothing was written. "
        "Tell the service; do not enter another code before it has answered."
    )


class SecretRefused(TokenError):
    """The service refused the PIN or the one-time code; it is not sent again."""

    message = N_(
        "The signing service {url} refused the {secret}. It was sent once and is not sent again; "
        "too many wrong ones lock the key. Check it, then start again."
    )


class NoSecret(TokenError):
    """There is nobody to ask, or the answer was empty."""

    message = N_(
        "No {secret} was given for {service}. Type it when asked, "
        "or hand it over through a file descriptor (--pin-fd)."
    )


class CredentialMissing(SohoaError):
    """The service has no credential of that id for this office."""

    exit_code = ExitCode.SETUP
    message = N_(
        "The signing service {url} has no key “{credential}” for this office. "
        "Run “sohoa devices” to see which it has, then correct the office profile."
    )


class CredentialUnusable(SohoaError):
    """The credential is there and cannot be signed with from here."""

    exit_code = ExitCode.SETUP
    message = N_(
        "The key “{credential}” of the signing service {url} cannot be used here ({detail}). "
        "Choose another key in the office profile, or ask the service."
    )


class AccessFileUnusable(SohoaError):
    """The file with the office's access token or password is missing or open to others."""

    exit_code = ExitCode.SETUP
    message = N_("The access file {file} cannot be used ({detail}). Correct the office profile.")
