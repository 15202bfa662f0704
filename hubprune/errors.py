"""Every known failure, as one sentence and one next step.

    HubpruneError                 exit 1   a known failure
    ├── UsageError                exit 2   the words of the request are wrong
    │   ├── RecipeError                    a recipe key or value that does not exist
    │   └── LanguageUnknown                no language of that code or name
    ├── NotFound                           no such model or data set, or not visible to this account
    │   └── RevisionNotFound               the repository exists, the revision does not
    ├── Gated                              terms not accepted, or a token without the scope
    ├── Offline                            the Hub cannot be reached
    ├── HubTrouble                         the Hub answered with an error that retrying did not cure
    ├── NoSafetensors                      pickle weights only; they are never loaded
    ├── RemoteCodeNeeded                   the repository wants to run its own code
    ├── UnsupportedArchitecture            the decoder cannot be walked or pruned right
    ├── CheckpointDamaged                  files that contradict themselves, NaN or Inf weights
    ├── NotEnoughMemory
    ├── NotEnoughDisk
    ├── TextTooShort                       fewer full windows than asked for
    ├── TextUnavailable                    a text source that cannot be read
    ├── TaskUnavailable                    a task that cannot be measured: its data set, its YAML, no items
    ├── ExtraMissing                       a part of hubprune that is installed on its own is not there
    ├── QualityGate               exit 3   the result is worse than the user allows
    ├── OutputExists                       a folder that would be overwritten
    │   └── Unfinished                     a run that was broken off there and can be resumed
    ├── RepoExists                         a repository that would be overwritten
    ├── NotSignedIn                        publishing needs a token
    ├── NoWritePermission
    └── UploadInterrupted                  the same command completes it

Anything else is a defect of hubprune and keeps its traceback.
"""

from __future__ import annotations


class HubpruneError(Exception):
    """A known failure. `sentence` says what is wrong, `next_step` what to do about it."""

    exit_code = 1

    def __init__(self, sentence: str, next_step: str = "") -> None:
        super().__init__(f"{sentence} {next_step}".strip())
        self.sentence = sentence
        self.next_step = next_step


class UsageError(HubpruneError):
    exit_code = 2


class RecipeError(UsageError):
    pass


class LanguageUnknown(UsageError):
    pass


class NotFound(HubpruneError):
    pass


class RevisionNotFound(NotFound):
    pass


class Gated(HubpruneError):
    pass


class Offline(HubpruneError):
    pass


class HubTrouble(HubpruneError):
    pass


class NoSafetensors(HubpruneError):
    pass


class RemoteCodeNeeded(HubpruneError):
    pass


class UnsupportedArchitecture(HubpruneError):
    pass


class CheckpointDamaged(HubpruneError):
    pass


class NotEnoughMemory(HubpruneError):
    pass


class NotEnoughDisk(HubpruneError):
    pass


class TextTooShort(HubpruneError):
    pass


class TextUnavailable(HubpruneError):
    pass


class TaskUnavailable(HubpruneError):
    pass


class ExtraMissing(HubpruneError):
    pass


class QualityGate(HubpruneError):
    exit_code = 3


class OutputExists(HubpruneError):
    pass


class Unfinished(OutputExists):
    pass


class RepoExists(HubpruneError):
    pass


class NotSignedIn(HubpruneError):
    pass


class NoWritePermission(HubpruneError):
    pass


class UploadInterrupted(HubpruneError):
    pass
