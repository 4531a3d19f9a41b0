"""What we override or read of what executes operations, by name.

Most of it would fail silently: a memo that is called otherwise is set and never used,
a hook that is not asked is no error. So where a name alone proves little, its effect
in the library is tried.
"""

import inspect
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import aiohttp
import pytest
import strawberry
import uvicorn
from cross_web import StarletteRequestAdapter
from graphql import (
    ASTValidationRule,
    GraphQLError,
    GraphQLSchema,
    MaxIntrospectionDepthRule,
    build_schema,
    parse,
    validate,
)
from graphql.execution import Executor
from strawberry.asgi import GraphQL
from strawberry.extensions import SchemaExtension
from strawberry.http.async_base_view import AsyncBaseHTTPView
from strawberry.schema import Schema
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types import ExecutionContext
from strawberry.types.field import StrawberryField

from api.document import (
    DocumentPreparation,
    IntrospectionOffRule,
    IntrospectionRule,
    SelectionOfNothingRule,
)
from api.event_executor import EventExecutor
from api.schema import ApiSchema
from api.view import RequestAdapter
from app.http_server import HttpServer

OPERATION = [
    "self",
    "query",
    "variable_values",
    "context_value",
    "root_value",
    "operation_name",
]
SCHEMA_METHODS = {
    "execute": [*OPERATION, "allowed_operation_types", "operation_extensions"],
    "stream": [*OPERATION, "operation_extensions", "allowed_operation_types"],
    "process_errors": ["self", "errors", "execution_context"],
}
EXECUTOR_METHODS = {
    "build_per_event_executor": ["self", "payload"],
    "collect_subfields": ["self", "return_type", "field_details_list"],
    "complete_list_value": [
        "self",
        "return_type",
        "field_details_list",
        "info",
        "path",
        "result",
        "position_context",
    ],
}
DEEP = "{ __schema { types { fields { type { fields { type { fields { name }}}}}}}}"


def arguments(function: Any) -> list[str]:
    return list(inspect.signature(function).parameters)


def names(kind: type) -> set[str]:
    return {name for name in vars(kind) if not name.startswith("__")}


@strawberry.type
class Item:
    name: str


@strawberry.type
class Query:
    @strawberry.field
    def word(self) -> str:
        return "here"

    @strawberry.field
    def items(self) -> list[Item]:
        return [Item(name="a"), Item(name="b")]


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def items(self) -> AsyncGenerator[list[Item], None]:
        yield [Item(name="a"), Item(name="b")]


def stock(*extensions: type[SchemaExtension]) -> Schema:
    return Schema(Query, subscription=Subscription, extensions=list(extensions))


def executor(kind: type[Executor[Any]], document: str) -> Executor[Any]:
    built = kind.build(stock()._schema, parse(document))
    assert isinstance(built, Executor)
    return built


@pytest.mark.parametrize(("name", "expected"), sorted(SCHEMA_METHODS.items()))
def test_strawberrys_schema_has_the_method(name: str, expected: list[str]) -> None:
    assert name in vars(ApiSchema)
    assert arguments(getattr(Schema, name)) == expected


def test_we_override_nothing_else_of_strawberrys_schema() -> None:
    ours = names(ApiSchema) - {"_abc_impl", "_is_protocol"}
    assert ours & set(dir(Schema)) == SCHEMA_METHODS.keys()


def test_strawberrys_schema_keeps_graphql_cores_under_the_name_that_we_read() -> None:
    assert isinstance(stock()._schema, GraphQLSchema)
    assert isinstance(ApiSchema().core, GraphQLSchema)


def test_strawberrys_schema_keeps_what_converts_arguments() -> None:
    schema = stock()
    assert schema.schema_converter.scalar_registry
    assert schema.config is not None


def test_strawberrys_fields_tell_their_definition() -> None:
    field = stock()._schema.type_map["Query"].fields["word"]  # type: ignore[attr-defined]  # an object type
    definition = field.extensions["strawberry-definition"]
    assert isinstance(definition, StrawberryField)
    assert definition.python_name == "word"
    assert not definition.is_subscription
    assert not definition.extensions
    assert definition.arguments == []
    resolver = definition.base_resolver
    assert resolver is not None
    assert not resolver.is_async
    assert resolver.info_parameter is None
    assert callable(resolver.wrapped_func)


async def test_the_view_executes_by_the_schemas_method_and_names_what_it_gives() -> (
    None
):
    given: list[dict[str, Any]] = []

    class Watched(Schema):
        async def execute(self, *unnamed: Any, **named: Any) -> Any:
            assert len(unnamed) == 1, "the query, as our own takes it"
            given.append(named)
            return await super().execute(*unnamed, **named)

    app = GraphQL[Any, Any](Watched(Query))
    body = b'{"query":"{ word }"}'
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    await app(scope, receive, send)
    assert b"here" in sent[-1]["body"]
    assert {"context_value", "operation_name", "variable_values"} <= given[0].keys()
    assert given[0].keys() <= set(SCHEMA_METHODS["execute"])


def test_the_view_asks_for_the_adapter_that_we_extend() -> None:
    assert arguments(StarletteRequestAdapter.__init__) == ["self", "request"]
    assert issubclass(RequestAdapter, GraphQL.request_adapter_class)
    assert "request_adapter" in arguments(AsyncBaseHTTPView.execute_operation)


def test_the_library_names_the_hooks_of_a_document() -> None:
    hooks = {"on_parse", "on_validate"}
    assert names(DocumentPreparation) & set(dir(SchemaExtension)) == hooks


async def test_a_document_that_a_hook_gives_is_not_parsed_again() -> None:
    class Given(SchemaExtension):
        def on_parse(self) -> Iterator[None]:
            self.execution_context.graphql_document = parse("{ word }")
            yield

    result = await stock(Given).execute("no GraphQL at all")
    assert (result.data, result.errors) == ({"word": "here"}, None)


async def test_errors_that_a_hook_gives_are_told_and_nothing_is_validated() -> None:
    class Given(SchemaExtension):
        def on_validate(self) -> Iterator[None]:
            self.execution_context.pre_execution_errors = [GraphQLError("ours")]
            yield

    result = await stock(Given).execute("{ nothing }")
    assert result.errors is not None
    assert [error.message for error in result.errors] == ["ours"]


async def test_without_errors_of_a_hook_nothing_is_validated_either() -> None:
    class Given(SchemaExtension):
        def on_validate(self) -> Iterator[None]:
            self.execution_context.pre_execution_errors = []
            yield

    result = await stock(Given).execute("{ word nothing }")
    assert (result.data, result.errors) == ({"word": "here"}, None)


async def test_a_context_tells_what_is_asked_of_which_schema() -> None:
    seen: list[ExecutionContext] = []

    class Looking(SchemaExtension):
        def on_parse(self) -> Iterator[None]:
            seen.append(self.execution_context)
            self.execution_context.parse_options["max_tokens"] = 1
            yield

    schema = stock(Looking)
    result = await schema.execute("{ word }", context_value="mine")
    (context,) = seen
    assert context.schema is schema
    assert (context.query, context.context) == ("{ word }", "mine")
    assert result.errors is not None
    assert "tokens" in result.errors[0].message


@pytest.mark.parametrize(("name", "expected"), sorted(EXECUTOR_METHODS.items()))
def test_the_executor_has_the_method(name: str, expected: list[str]) -> None:
    found = getattr(StrawberryGraphQLCoreExecutionContext, name)
    assert arguments(found) == expected


def test_an_executor_is_built_with_the_arguments_that_we_give() -> None:
    taken = arguments(StrawberryGraphQLCoreExecutionContext.build)
    assert taken[:4] == ["schema", "document", "root_value", "context_value"]
    more = {"raw_variable_values", "operation_name", "hide_suggestions"}
    assert more <= set(taken)


def test_we_override_nothing_else_of_the_executor() -> None:
    ours = names(EventExecutor) & set(dir(StrawberryGraphQLCoreExecutionContext))
    overridden = {"build", "build_per_event_executor", "complete_list_value"}
    assert ours == overridden


def test_the_library_executes_by_the_executor_it_is_given() -> None:
    made: list[object] = []

    class Watched(StrawberryGraphQLCoreExecutionContext):
        def complete_list_value(self, *given: Any) -> Any:
            made.append(given)
            return super().complete_list_value(*given)

    schema = Schema(Query, execution_context_class=Watched)
    assert schema.execute_sync("{ items { name } }").errors is None
    assert len(made) == 1


def test_the_memo_of_sub_fields_has_the_name_that_we_reset() -> None:
    stocks = executor(StrawberryGraphQLCoreExecutionContext, "{ items { name } }")
    assert stocks._relevant_sub_fields == {}
    stocks.execute_operation(False)
    assert stocks._relevant_sub_fields, "execution fills it: it is the memo"


def test_the_library_still_shares_the_memo_among_events_and_we_do_not() -> None:
    document = "subscription { items { name } }"
    events = [{"items": [Item(name="a")]}] * 2
    stocks = executor(StrawberryGraphQLCoreExecutionContext, document)
    theirs = [stocks.build_per_event_executor(event) for event in events]
    assert theirs[0]._relevant_sub_fields is theirs[1]._relevant_sub_fields
    own = executor(EventExecutor, document)
    ours = [own.build_per_event_executor(event) for event in events]
    assert ours[0]._relevant_sub_fields is not ours[1]._relevant_sub_fields
    for one in ours:
        one.execute_operation(False)
    assert own._relevant_sub_fields == {}


def test_the_executor_tells_the_values_of_variables() -> None:
    built = executor(StrawberryGraphQLCoreExecutionContext, "{ word }")
    assert built.variable_values.coerced == {}


def test_the_rule_for_introspection_reports_by_the_method_that_we_override() -> None:
    assert arguments(MaxIntrospectionDepthRule.report_error) == ["self", "error"]
    assert "report_error" in vars(IntrospectionRule)
    reported: list[GraphQLError] = []

    class Watched(MaxIntrospectionDepthRule):
        def report_error(self, error: GraphQLError) -> None:
            reported.append(error)

    schema = build_schema("type Query { a: Int }")
    assert validate(schema, parse(DEEP), [Watched]) == []
    assert reported


@pytest.mark.parametrize(
    ("rule", "document"),
    [
        (IntrospectionOffRule, "{ __schema { queryType { name } } }"),
        (SelectionOfNothingRule, "{ }"),
    ],
)
def test_the_library_visits_by_the_names_of_our_rules(
    rule: type[ASTValidationRule], document: str
) -> None:
    schema = build_schema("type Query { a: Int }")
    assert len(validate(schema, parse(document), [rule])) == 1


async def test_uvicorn_serves_within_what_we_override() -> None:
    entered: list[str] = []

    class Entered(Exception):
        pass

    class Watched(uvicorn.Server):
        def capture_signals(self) -> Any:
            entered.append("capture_signals")
            raise Entered

    assert "capture_signals" in vars(HttpServer)
    with pytest.raises(Entered):
        await Watched(uvicorn.Config(lambda: None, log_config=None)).serve()
    assert entered == ["capture_signals"]


def test_we_override_nothing_else_of_uvicorns_server() -> None:
    assert names(HttpServer) & set(dir(uvicorn.Server)) == {"capture_signals"}


def test_uvicorns_server_is_ended_by_the_names_that_we_set() -> None:
    server = uvicorn.Server(uvicorn.Config(lambda: None, log_config=None))
    assert (server.should_exit, server.force_exit) == (False, False)


async def test_aiohttps_client_asks_again_by_the_name_that_we_clear() -> None:
    async with aiohttp.ClientSession() as session:
        assert session._retry_connection is True
    assert "_retry_connection" in aiohttp.ClientSession.ATTRS
