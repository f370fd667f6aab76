"""Named errors: every failure a user can meet has a class, a sentence, and where possible a cure."""


class AvatarError(Exception):
    """Base of all errors that are reported to a person as one line, without a traceback."""


class BadInputError(AvatarError):
    """A file, argument or array is not what was expected; the message says expected and found."""


class BadAudioError(BadInputError):
    """A sound cannot be used (unreadable, no audio stream, zero length)."""


class BadVideoError(BadInputError):
    """A video cannot be used (unreadable, no video stream, no frames)."""


class NoFaceError(BadVideoError):
    """No usable face was found in a video."""


class CharacterError(BadInputError):
    """A character folder is missing, damaged, unsafe or of another version."""


class CheckpointError(BadInputError):
    """Weights or their card are missing, damaged, or do not fit the program."""


class DeviceError(AvatarError):
    """A microphone, camera, display or compute device is missing or failed."""


class GraphicsError(DeviceError):
    """No OpenGL context can be had, or drawing failed."""


class OutputError(AvatarError):
    """An output cannot be written (no permission, disk full, missing folder)."""


class MissingPackageError(AvatarError):
    """An optional package is needed for this command; the message names the install line."""
