"""Global object identification."""

import strawberry

from api.type.resolver import resolver


@strawberry.interface(description="An object that `Query.node` finds by its ID.")
class Node:
    """Relay's `Node`."""

    @resolver("Opaque and stable; unique among all types.")
    def id(self) -> strawberry.ID:
        """Each type has its own."""
        raise NotImplementedError
