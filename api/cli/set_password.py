"""The command line: a password for an employee, set by the operator at the machine."""

from __future__ import annotations

from typing import Annotated

import typer

from api.kernel.terminal import Failure, out


def set_password(
    employee: Annotated[str, typer.Argument(help="The code of the employee, as in admin.")],
    once: Annotated[
        bool, typer.Option("--once", help="It has to be changed at the first sign-in.")
    ] = False,
) -> None:
    """Set the password of an employee, asked for here; it ends all sessions of theirs."""
    from adapters.identity.passwords import WeakPassword
    from adapters.logs.console_log import configure
    from adapters.settings import Settings
    from api.cli.password_job import exists, put
    from api.kernel.job_log import job

    settings = Settings.read()
    configure(settings.log)
    if not exists(settings, employee):
        raise Failure(f"There is no employee {employee!r}.")
    password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        with job(settings, "set-password", employee=employee, once=once):
            put(settings, employee, password, once=once)
    except WeakPassword as error:
        raise Failure(error.detail, 2) from error
    out.print(f"The password of {employee} is set.", highlight=False)
