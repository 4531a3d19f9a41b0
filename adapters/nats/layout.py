"""Where on the server a board is: one stream of news, one key-value bucket."""

from dataclasses import dataclass
from typing import Final

import nats.js.errors
from nats.aio.client import Client
from nats.js import JetStreamContext, api
from nats.js.kv import KeyValue

from adapters.nats.link import ANSWER_TIMEOUT_S

# The row keeps so many news and bytes, whichever is less; the oldest go. A state is
# kept every 5 s, 50 ticks: late comers need no more, and who was away for minutes
# resumes without reading a state.
MAX_NEWS: Final = 3_000
MAX_BYTES: Final = 256 * 1024 * 1024
# Nothing is told by message IDs; the server wants a window all the same.
_DUPLICATES_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Place:
    """A board's stream and bucket on an open connection."""

    client: Client
    js: JetStreamContext
    stream: str
    subject: str
    bucket: KeyValue


class Layout:
    """Finds stream and bucket, and makes them where they are not."""

    def __init__(self, name: str, replicas: int) -> None:
        self._stream = f"{name}_changes"
        self._subject = f"{name}.changes"
        self._bucket = f"{name}_board"
        self._replicas = replicas
        self._known: Place | None = None

    async def place(self, client: Client) -> Place:
        """Return the place, looked up once per connection."""
        if self._known is not None and self._known.client is client:
            return self._known
        js = client.jetstream(timeout=ANSWER_TIMEOUT_S)
        await self._have_stream(js)
        bucket = await self._have_bucket(js)
        self._known = Place(client, js, self._stream, self._subject, bucket)
        return self._known

    def forget(self) -> None:
        """Look everything up again: something was not there."""
        self._known = None

    async def _have_stream(self, js: JetStreamContext) -> None:
        try:
            await js.stream_info(self._stream)
        except nats.js.errors.NotFoundError:
            await js.add_stream(
                api.StreamConfig(
                    name=self._stream,
                    subjects=[self._subject],
                    storage=api.StorageType.FILE,
                    num_replicas=self._replicas,
                    max_msgs=MAX_NEWS,
                    max_bytes=MAX_BYTES,
                    discard=api.DiscardPolicy.OLD,
                    duplicate_window=_DUPLICATES_S,
                    allow_direct=True,
                )
            )

    async def _have_bucket(self, js: JetStreamContext) -> KeyValue:
        try:
            return await js.key_value(self._bucket)
        except nats.js.errors.BucketNotFoundError:
            return await js.create_key_value(
                api.KeyValueConfig(
                    bucket=self._bucket,
                    history=1,
                    storage=api.StorageType.FILE,
                    replicas=self._replicas,
                )
            )
