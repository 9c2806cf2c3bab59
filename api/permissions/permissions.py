"""Permissions over HTTP: every permission by name, with what it allows in words."""

from fastapi import APIRouter, Response

from api.commands.operation_entries import says_nothing_of_anybody
from api.document.answers import answer
from api.document.operation_answers import PermissionNames
from api.kernel.reading.read_parameters import json_response
from domain.permissions.permission import permissions

router = APIRouter(tags=["roles"])


@router.get(
    "/permissions",
    operation_id="permissions",
    response_class=Response,
    responses=answer("Each permission.", PermissionNames),
)
@says_nothing_of_anybody
async def names() -> Response:
    """List the permissions that roles are made of; a role may also name patterns of them."""
    return json_response(
        {"items": [{"name": name, "words": words} for name, words in permissions().items()]}
    )
