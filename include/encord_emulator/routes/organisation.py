"""The caller, the integrations, the people of the organisation, and its tags."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from include.encord_emulator.auth import issue_token
from include.encord_emulator.call import Call, Routes
from include.encord_emulator.errors import exists, invalid, not_found
from include.encord_emulator.paging import whole
from include.encord_emulator.store.projects import require_organisation_admin
from include.encord_emulator.store.removal import remove_where
from include.encord_emulator.store.tables import GROUP_USERS, INTEGRATIONS, PROJECT_USERS, TAGS, TOKENS, USERS
from include.encord_emulator.wire.organisation import (
    ROLES,
    NewOrganisationUser,
    NewTag,
    organisation_user_dto,
    tag_dto,
)
from include.encord_emulator.wire.payload import Payload, Uuid

routes = Routes()


@routes.on("GET", "user/bearer-token")
def bearer_token(call: Call) -> Any:
    return {"token": issue_token(call.connection, call.user, call.now, call.switches["token_lifetime_s"])}


class IntegrationFilters(Payload):
    """``GetCloudIntegrationsParams``."""

    filter_integration_uuids: tuple[Uuid, ...] = ()
    filter_integration_titles: tuple[str, ...] = ()
    include_org_access: bool = False


@routes.on("GET", "cloud-integrations")
def list_integrations(call: Call) -> Any:
    wanted = call.arguments(IntegrationFilters)
    statement = sa.select(INTEGRATIONS).order_by(INTEGRATIONS.c.seq)
    if wanted.filter_integration_titles:
        statement = statement.where(INTEGRATIONS.c.title.in_(wanted.filter_integration_titles))
    if wanted.filter_integration_uuids:
        statement = statement.where(INTEGRATIONS.c.uuid.in_(wanted.filter_integration_uuids))
    return {"result": [{"integrationUuid": row["uuid"], "title": row["title"]} for row in call.fetch(statement)]}


@routes.on("GET", "organisation/users")
def list_users(call: Call) -> Any:
    return whole([organisation_user_dto(row) for row in call.fetch(sa.select(USERS).order_by(USERS.c.seq))])


@routes.on("POST", "organisation/users")
def add_user(call: Call) -> Any:
    require_organisation_admin(call)
    given = call.read(NewOrganisationUser)
    if given.role_mnemonic_name == "ADMIN" and given.member_type == "external":
        raise invalid("Only internal members can hold the ADMIN role.")
    if call.fetch_one(sa.select(USERS).where(USERS.c.email == given.email)) is not None:
        raise exists("user", given.email)
    role = ROLES[given.role_mnemonic_name]
    call.insert(
        USERS,
        {"email": given.email, "organisation_role": role, "member_type": given.member_type, "joined_at": call.now},
    )


@routes.on("DELETE", "organisation/users/{email}")
def remove_user(call: Call) -> Any:
    """Remove a member, with what he may enter; his tasks stay assigned to him, for nobody tells."""
    require_organisation_admin(call)
    email = call.path["email"]
    if not call.connection.execute(USERS.delete().where(USERS.c.email == email)).rowcount:
        raise not_found("user", email)
    for table in (TOKENS, GROUP_USERS, PROJECT_USERS):
        call.connection.execute(table.delete().where(table.c.email == email))


@routes.on("GET", "organisation/organisation-tags")
def list_tags(call: Call) -> Any:
    return whole([tag_dto(row) for row in call.fetch(sa.select(TAGS).order_by(TAGS.c.seq))])


@routes.on("POST", "organisation/organisation-tags")
def create_tag(call: Call) -> Any:
    require_organisation_admin(call)
    given = call.read(NewTag)
    if call.fetch_one(sa.select(TAGS).where(TAGS.c.name == given.name)) is not None:
        raise exists("tag", given.name)
    tag = {"uuid": str(uuid4())} | given.model_dump()
    call.insert(TAGS, tag)
    return tag_dto(tag)


@routes.on("DELETE", "organisation/organisation-tags/{tag}")
def delete_tag(call: Call) -> Any:
    require_organisation_admin(call)
    uuid = call.path_uuid("tag")
    if not call.connection.execute(TAGS.delete().where(TAGS.c.uuid == uuid)).rowcount:
        raise not_found("tag", uuid)
    remove_where(call.connection, "tag_uuid", uuid)
