"""The one way in which the embedded Postgres fails."""


class ClusterUnusable(Exception):
    """The embedded cluster cannot be made, started or joined.

    Nothing of it is left running. The text is one line: what is wrong, then what to
    do about it.
    """

    def __init__(self, what: str, remedy: str) -> None:
        self.what = " ".join(what.split()).rstrip(".")
        self.remedy = " ".join(remedy.split()).rstrip(".")
        super().__init__(f"{self.what}. {self.remedy}.")
