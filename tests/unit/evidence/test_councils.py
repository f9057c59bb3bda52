"""Which council runs social care where."""

import pytest

from icsim.evidence.councils import councils_of, county_councils, districts_of, find_district
from icsim.evidence.places import resolve

pytestmark = pytest.mark.unit


def test_every_district_of_a_two_tier_county_has_its_county():
    districts = districts_of(resolve("england"))
    assert set(county_councils()) == {code for code in districts if code.startswith("E07")}
    assert len(set(county_councils().values())) == 27
    inside = {
        "Barrow-in-Furness": "Cumbria",
        "Craven": "North Yorkshire",
        "Crawley": "West Sussex",
        "Harrogate": "North Yorkshire",
        "Rugby": "Warwickshire",
        "Stevenage": "Hertfordshire",
        "Waverley": "Surrey",
        "Waveney": "Suffolk",
        "Wyre": "Lancashire",
        "Wyre Forest": "Worcestershire",
    }
    for district, county in inside.items():
        code = find_district(districts, district)
        assert code is not None
        assert county_councils()[code] == f"{county} County Council"


@pytest.mark.parametrize(
    ("place", "councils"),
    [
        ("lad:Leeds", ["Leeds"]),
        ("northumberland", ["Northumberland"]),
        ("mid-nottinghamshire", ["Nottinghamshire County Council"]),
        (["lad:Craven", "lad:York"], ["North Yorkshire County Council", "York"]),
    ],
)
def test_the_councils_of_a_place(place, councils):
    found = councils_of(resolve(place))
    assert sorted(found) == councils
    assert sorted(code for codes in found.values() for code in codes) == sorted(districts_of(resolve(place)))


def test_a_district_is_found_by_name_or_code():
    districts = districts_of(resolve("morecambe-bay"))
    assert find_district(districts, " barrow in furness") == "E07000027"
    assert find_district(districts, "e07000163") == "E07000163"
    assert find_district(districts, "Salford") is None
