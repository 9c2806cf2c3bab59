"""Billing accounts of the demo data: through which customers pay for what they use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from api.demo.customers import Account
from api.demo.story import Do, Story


def numbers(accounts: Sequence[Account], size: int) -> Mapping[str, Account]:
    """Return `size` numbers of billing accounts, one of each live customer and then more."""
    live = [each for each in accounts if each.live]
    return {f"ZH{n:06}": live[n % len(live)] for n in range(size if live else 0)}


def story(number: str, account: Account) -> Story[None]:
    """Tell a billing account: it was opened when its customer came."""
    told = {"account_number": number, "customer_id": account.id, "unit": account.unit.code}
    who, since = account.manager.code, str(account.since)
    yield Do("billing-account.open", None, told | {"effective": since}, who, account.unit.code)
