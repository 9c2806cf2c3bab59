"""Sites: where a customer is, its access points, equipment and network, until it is vacated."""

from datetime import date

import pytest
from hypothesis import given, settings

from domain.customers.sites.site import (
    Area,
    PositionIncomplete,
    Site,
    SiteKind,
    SiteState,
    SiteVacated,
)
from domain.customers.sites.site_access import (
    OURS,
    AccessPointCodeTaken,
    AccessPointRequired,
    DiverseFromItself,
    EntryShared,
    Medium,
)
from domain.customers.sites.site_equipment import (
    EquipmentKind,
    EquipmentOwner,
    EquipmentRequired,
    EquipmentTagTaken,
)
from domain.kernel.aggregate import NothingChanged
from tests.bodies import IDS
from tests.domain.play import Step, last, play, plays, stated


@pytest.fixture
def site() -> Site:
    return Site.open(IDS[0], "东风路支行", "gd-gz", SiteKind.BRANCH, "东风中路 300 号", Area.TOWN)


@pytest.fixture
def connected(site: Site) -> Site:
    site.add_access_point("A", Medium.FIBRE, OURS, capacity_mbps=1000, entry="东门管道")
    return site


def test_a_site_is_planned_used_and_vacated_and_then_stands(site: Site) -> None:
    assert site.state is SiteState.PLANNED
    site.take_into_use()
    with pytest.raises(NothingChanged):
        site.take_into_use()
    site.vacate("搬迁")
    assert site.retired
    with pytest.raises(SiteVacated):
        site.vacate("x")
    with pytest.raises(SiteVacated):
        site.correct(name="x")


def test_latitude_and_longitude_come_and_go_together(site: Site) -> None:
    with pytest.raises(PositionIncomplete) as refused:
        site.correct(latitude=23.1)
    assert refused.value.field == "longitude"
    site.correct(latitude=23.1, longitude=113.2)
    with pytest.raises(PositionIncomplete):
        site.correct(clear=["latitude"])
    site.correct(clear=["latitude", "longitude"])
    with pytest.raises(PositionIncomplete):
        Site.open(IDS[0], "x", "gd-gz", SiteKind.OTHER, "x", Area.TOWN, longitude=113.2)
    with pytest.raises(NothingChanged):
        site.correct(name="东风路支行")


def test_the_code_of_an_access_point_is_given_once(connected: Site) -> None:
    with pytest.raises(AccessPointCodeTaken):
        connected.add_access_point("A", Medium.COPPER, OURS)
    connected.remove_access_point("A", "割接")
    connected.add_access_point("A", Medium.COPPER, OURS)


def test_only_an_access_point_that_is_there_is_changed_or_named(connected: Site) -> None:
    with pytest.raises(AccessPointRequired):
        connected.correct_access_point("B", ports=2)
    with pytest.raises(AccessPointRequired):
        connected.remove_access_point("B", "x")
    with pytest.raises(AccessPointRequired) as refused:
        connected.add_access_point("B", Medium.FIBRE, "华联通信", diverse_from="C")
    assert refused.value.field == "diverse_from"
    with pytest.raises(NothingChanged):
        connected.correct_access_point("A", medium=Medium.FIBRE)


def test_diverse_routes_are_two_by_two_entries(connected: Site) -> None:
    with pytest.raises(DiverseFromItself):
        connected.add_access_point("B", Medium.FIBRE, OURS, diverse_from="B")
    with pytest.raises(EntryShared):
        connected.add_access_point("B", Medium.FIBRE, OURS, entry="东门管道", diverse_from="A")
    connected.add_access_point("B", Medium.MICROWAVE, OURS, entry="楼顶", diverse_from="A")
    for code, entry in (("A", "楼顶"), ("B", "东门管道")):  # either of them, whichever names it
        with pytest.raises(EntryShared):
            connected.correct_access_point(code, entry=entry)
    connected.remove_access_point("A", "拆除")
    assert connected.access_points["B"]["diverse_from"] is None
    connected.correct_access_point("B", entry="东门管道", clear=["capacity_mbps"])


def test_the_tag_of_equipment_is_given_once(site: Site) -> None:
    one = ("R-1", EquipmentKind.ROUTER, "华为", "NE40E", 1, EquipmentOwner.US)
    site.record_equipment(*one, warranty_until=date(2030, 1, 1))
    with pytest.raises(EquipmentTagTaken):
        site.record_equipment(*one)
    site.correct_equipment("R-1", quantity=2, clear=["warranty_until"])
    assert last(site)["cleared"] == ["warranty_until"]
    with pytest.raises(NothingChanged):
        site.correct_equipment("R-1", quantity=2)
    site.remove_equipment("R-1", "更换")
    with pytest.raises(EquipmentRequired):
        site.correct_equipment("R-1", quantity=3)
    with pytest.raises(EquipmentRequired):
        site.remove_equipment("R-1", "x")


def test_a_network_is_described_as_a_whole(site: Site) -> None:
    site.describe_network("双星型", ["OSPF"], ["华联通信"], [], 500)
    with pytest.raises(NothingChanged):
        site.describe_network("双星型", ["OSPF"], ["华联通信"], [], 500)
    site.describe_network("双星型", ["BGP"], [], [])
    assert site.bandwidth_mbps is None
    assert stated(site) == ["opened", "network-described", "network-described"]


@settings(deadline=None)
@given(plays(Site))
def test_any_commands_are_refused_whole_or_replay_to_the_same_site(
    scene: tuple[int, list[Step]],
) -> None:
    play(Site, *scene)
