#!/usr/bin/env python3
"""Makes the tables of the cases usps2026 and usps2026-national: the 2026 auction of the postal delivery
units, state by state and by three-digit ZIP area.

    usps2026.py [CASE...]             write the tables into ../CASE; without a name, of both
    usps2026.py --check [CASE...]     compare them with the ones there, byte for byte; exit 1 where they differ
    usps2026.py --explain [CASE...]   print who wants what where, and what it is worth to whom

Needs Python 3.10 or newer and the packages of requirements.txt. Every parameter stands in this file, in
carriers.py or in geography.py; ../usps2026/README.md says which are public and which are assumptions, and
../usps2026-national/README.md what differs there.
"""

import argparse
import csv
import io
import itertools
import math
import pathlib
import sys
import typing
from dataclasses import dataclass, field

import geography
from carriers import Carrier

MILLION = 1_000_000
STEP = 0.05  # prices are whole multiples of this many dollars

SAME, NEXT = "same_day", "next_day"
ANY = f"{SAME}|{NEXT}"

# ---------------------------------------------------------------------------------------------------------
# The seller

# Marginal cost of a package, $: it passes every door six days a week, so density hardly matters. The driving
# term is a package's share of the carrier's route.
SELLER_COST = {NEXT: 1.45, SAME: 1.75}
SELLER_DRIVING = 1.60  # $ times the miles between neighbouring homes
# A reserve covers attributable cost (39 USC 3633) with this factor for institutional cost.
COVERAGE = 1.35

# Packages a home and year that are for sale. Idle capacity is 65 million packages a day (88 less 23).
# Where that would not do, since its homes want more than most, a place is offered this much more than all want.
OFFERED = {("urban", NEXT): 42, ("rural", NEXT): 115, ("urban", SAME): 4.6, ("rural", SAME): 4.6}
AMPLE = 1.05

# Places where the dock or the window is short. "pressed": less than strategic bidders want; the number is
# capacity over their demand. "contested": enough for them, not for the small shippers too; the numbers are
# how much of the largest strategic demand is missing for all, and what small shippers bid over the reserve.
# Same-day windows are short in cities: where the zones are smaller than a state, only in those of them with
# at least CITY_SHARE urban and dense homes.
PRESSED = {
    ("NY", "urban", SAME): 0.90,
    ("IL", "urban", SAME): 0.92,
    ("DC", "urban", SAME): 0.88,
    ("CA", "urban", SAME): 0.90,
    ("WA", "urban", SAME): 0.92,
    ("MT", "rural", NEXT): 0.93,
}
CONTESTED = {
    ("NJ", "urban", SAME): (0.35, 0.30),
    ("FL", "urban", SAME): (0.35, 0.25),
    ("AZ", "urban", SAME): (0.35, 0.20),
    ("WV", "rural", NEXT): (0.35, 0.25),
    ("NM", "rural", NEXT): (0.30, 0.20),
    ("AK", "rural", NEXT): (0.30, 0.35),
}
CITY_SHARE = 0.75

# ---------------------------------------------------------------------------------------------------------
# The bidders

# How a package stream spreads over the tiers, per home.
EVEN = {"rural": 1, "suburban": 1, "urban": 1, "dense_urban": 1}
FRINGE = {"rural": 1, "suburban": 1, "urban": 0.25, "dense_urban": 0.1}
CITY = {"rural": 0, "suburban": 0.4, "urban": 1, "dense_urban": 1.4}

EVERYWHERE = frozenset(geography.REGION_OF)


def states(*regions, but=""):
    """The states of the regions, less some."""
    return frozenset(s for r in regions for s in geography.REGIONS[r].split()) - frozenset(but.split())


@dataclass(frozen=True)
class Fleet:
    """A route of the bidder's own: its cost follows from density."""

    name: str
    carrier: Carrier
    facility: str = ""  # the kind of station it needs

    def cost(self, zone, tiers):
        return zone.mean(self.carrier.cost, tiers)


@dataclass(frozen=True)
class Contract:
    """A route that somebody else drives at a price a package."""

    name: str
    urban: float
    rural: float
    share: float = math.inf  # of the demand it serves, at most

    def cost(self, zone, tiers):
        return self.rural if zone.rural else self.urban


@dataclass(frozen=True)
class Stream:
    """Packages of one kind that a bidder must or may deliver."""

    rural: bool
    service: str  # of the routes; the demand accepts it, or any where it is next_day
    volume: int  # a year
    routes: tuple
    tiers: dict = field(default_factory=lambda: EVEN)
    states: frozenset = EVERYWHERE
    value: float = math.nan  # what a delivered package earns, where delivery is optional


@dataclass(frozen=True)
class Station:
    """A kind of station, in the regions where its routes run."""

    kind: str
    packages: int  # a station handles in a year
    fixed: float  # $ a station and year
    regions: tuple = tuple(geography.REGIONS)
    headroom: float = 1.10  # capacity over the demand it is built for; inf for no cap


@dataclass(frozen=True)
class Type:
    name: str
    probability: float
    value: float = 1
    volume: float = 1
    access: float = 1
    unit: float = 1
    fixed: float = 1


@dataclass(frozen=True)
class Bidder:
    name: str
    kind: str
    own_parcels: float  # it delivers itself in a year, outside of this auction
    access: dict  # $ a package to bring it to a lot, by (rural, service)
    current_volume: int = 0
    current_payment: int = 0
    streams: tuple = ()
    stations: tuple = ()
    types: tuple = ()


# The carriers' own tours. Wages: a contractor's day of $250 for nine hours and its van for Amazon; union
# scale with benefits for UPS; contractors for FedEx; gig drivers for the others. packages: the carrier's own
# residential parcels a home and year. Rural doors take longer, and their packages one more handling.
AMAZON_VAN = Carrier(wage=27.8, mile=0.75, minutes=1.4, handling=1.40, packages=45)
AMAZON_RURAL = Carrier(wage=27.8, mile=0.75, minutes=1.6, handling=0.85, packages=47, new_tour=True)
AMAZON_FLEX = Carrier(wage=27.8, mile=0.60, minutes=2.2, handling=2.00, packages=6, new_tour=True)
UPS_VAN = Carrier(wage=62, mile=1.00, minutes=1.4, handling=1.00, packages=19)
UPS_RURAL = Carrier(wage=62, mile=1.00, minutes=2.0, handling=1.50, packages=19)
FEDEX_VAN = Carrier(wage=44, mile=0.95, minutes=1.5, handling=1.00, packages=15)
FEDEX_RURAL = Carrier(wage=44, mile=0.95, minutes=2.1, handling=1.50, packages=15)
ONTRAC_VAN = Carrier(wage=32, mile=0.75, minutes=1.4, handling=0.65, packages=12, new_tour=True)
TARGET_VAN = Carrier(wage=30, mile=0.75, minutes=1.6, handling=0.60, packages=12, new_tour=True)
VEHO_CAR = Carrier(wage=29, mile=0.65, minutes=1.5, handling=0.95, packages=5, new_tour=True)
VEHO_SAME = Carrier(wage=29, mile=0.65, minutes=1.8, handling=2.00, packages=4, new_tour=True)
UNIUNI_CAR = Carrier(wage=26, mile=0.65, minutes=1.4, handling=1.00, packages=6, new_tour=True)

FEDEX_DEAL = Contract("fedex_contract", urban=6.60, rural=9.10)

ONTRAC = ("Northern New England", "New York", "Mid-Atlantic", "Chesapeake", "Carolinas", "Northern Rockies",
          "Southern Rockies", "Southwest", "Northwest")
METROS = frozenset("NY NJ DC MD GA FL IL TX CO AZ".split())

BIDDERS = (
    Bidder(
        "Amazon", "retailer", 6.7e9,
        access={(False, NEXT): 0.25, (True, NEXT): 0.45, (False, SAME): 0.40, (True, SAME): 0.60},
        current_volume=1_700 * MILLION, current_payment=5_950 * MILLION,
        streams=(
            Stream(True, NEXT, 1_020 * MILLION, (
                Fleet("own_network", AMAZON_RURAL, "rural_network"),
                Contract("ups_contract", urban=0, rural=8.40, share=0.10),
                FEDEX_DEAL)),
            Stream(False, NEXT, 510 * MILLION, (Fleet("own_vans", AMAZON_VAN), FEDEX_DEAL), FRINGE),
            Stream(False, SAME, 170 * MILLION, (
                Fleet("own_same_day", AMAZON_FLEX), Contract("couriers", urban=8.50, rural=0)), CITY),
        ),
        stations=(Station("rural_network", packages=5 * MILLION, fixed=3.0e6),),
    ),
    Bidder(
        "UPS", "carrier", 4.4e9,
        access={(False, NEXT): 0.45, (True, NEXT): 0.70},
        current_volume=400 * MILLION, current_payment=960 * MILLION,
        streams=(
            Stream(True, NEXT, 90 * MILLION, (
                Fleet("rural_centers", UPS_RURAL, "rural_centers"), Contract("feeders", urban=0, rural=9.80))),
            Stream(False, NEXT, 360 * MILLION, (Fleet("own_vans", UPS_VAN),)),
        ),
        stations=(Station("rural_centers", packages=3 * MILLION, fixed=2.4e6, headroom=math.inf),),
        types=(Type("automated", 0.6, unit=0.93), Type("legacy", 0.4, unit=1.10, fixed=1.25)),
    ),
    Bidder(
        "FedEx", "carrier", 3.6e9,
        access={(False, NEXT): 0.45, (True, NEXT): 0.70},
        streams=(
            Stream(True, NEXT, 80 * MILLION, (Fleet("own_vans", FEDEX_RURAL),)),
            Stream(False, NEXT, 320 * MILLION, (Fleet("own_vans", FEDEX_VAN),)),
        ),
        types=(Type("one_network", 0.5, unit=0.92), Type("two_networks", 0.5, unit=1.08)),
    ),
    Bidder(
        "Walmart", "retailer", 0.95e9,
        access={(False, NEXT): 0.50, (True, NEXT): 0.55, (False, SAME): 0.45},
        current_volume=250 * MILLION, current_payment=600 * MILLION,
        streams=(
            Stream(True, NEXT, 120 * MILLION, (Contract("store_drivers", urban=0, rural=7.20, share=0.40), FEDEX_DEAL)),
            Stream(False, NEXT, 130 * MILLION, (Contract("store_drivers", urban=4.90, rural=0), FEDEX_DEAL)),
            Stream(False, SAME, 100 * MILLION, (Contract("store_same_day", urban=5.40, rural=0),), CITY),
        ),
        types=(Type("from_stores", 0.6, unit=0.95), Type("from_centers", 0.4, unit=1.10)),
    ),
    Bidder(
        "Target", "retailer", 0.35e9,
        access={(False, NEXT): 0.50, (False, SAME): 0.45},
        current_volume=100 * MILLION, current_payment=240 * MILLION,
        streams=(
            Stream(False, NEXT, 100 * MILLION, (Fleet("sortation", TARGET_VAN, "sortation_centers"), FEDEX_DEAL)),
            Stream(False, SAME, 50 * MILLION, (Contract("shipt", urban=5.80, rural=0),), CITY,
                   states("New York", "Mid-Atlantic", "Carolinas", "Southeast", "Great Lakes", "Upper Midwest",
                          "South Central", "Southern Rockies", "Pacific")),
        ),
        stations=(Station("sortation_centers", packages=6 * MILLION, fixed=3.6e6,
                          regions=("Mid-Atlantic", "Southeast", "Upper Midwest", "South Central")),),
    ),
    Bidder(
        "OnTrac", "regional", 0.70e9,
        access={(False, NEXT): 0.40, (True, NEXT): 0.65},
        current_volume=100 * MILLION, current_payment=260 * MILLION,
        streams=(
            Stream(False, NEXT, 120 * MILLION, (Fleet("own_vans", ONTRAC_VAN, "hub"),), FRINGE, states(*ONTRAC), value=3.60),
            Stream(True, NEXT, 80 * MILLION, (), EVEN, states(*ONTRAC), value=4.60),
        ),
        stations=(Station("hub", packages=10 * MILLION, fixed=4.0e6, regions=ONTRAC, headroom=math.inf),),
        types=(Type("expanding", 0.5, volume=1.10), Type("consolidating", 0.5, value=0.90)),
    ),
    Bidder(
        "Veho", "regional", 0.30e9,
        access={(False, NEXT): 0.40, (False, SAME): 0.40},
        streams=(
            Stream(False, NEXT, 40 * MILLION, (Fleet("drivers", VEHO_CAR),), CITY, METROS, value=3.50),
            Stream(False, SAME, 40 * MILLION, (Fleet("same_day_drivers", VEHO_SAME),), CITY, METROS, value=5.20),
        ),
    ),
    Bidder(
        "UniUni", "regional", 0.30e9,
        access={(False, NEXT): 0.40},
        current_volume=50 * MILLION, current_payment=120 * MILLION,
        streams=(
            Stream(False, NEXT, 80 * MILLION, (Fleet("drivers", UNIUNI_CAR),), FRINGE,
                   frozenset("MA NY NJ PA MD DC VA FL GA IL TX AZ NV CA WA".split()), value=3.10),
        ),
    ),
)

# Small shippers bid through a consolidator for each quarter of the country: their rows are given. Together
# with the bidders above they make up today's Parcel Select: 3.693 billion packages, $10.668 billion.
SMALL = {
    "Small shippers Northeast": ("Northern New England", "New York", "Mid-Atlantic"),
    "Small shippers South": ("Chesapeake", "Carolinas", "Southeast", "Deep South", "South Central"),
    "Small shippers Midwest": ("Ohio Valley", "Great Lakes", "Upper Midwest", "Central Plains"),
    "Small shippers West": ("Northern Rockies", "Southern Rockies", "Southwest", "Pacific", "Northwest"),
}
SMALL_VOLUME = {("urban", NEXT): 860 * MILLION, ("rural", NEXT): 203 * MILLION, ("urban", SAME): 30 * MILLION}
SMALL_PAYMENT = 2_538 * MILLION
# Their bids over the reserve, $: half of them can pay little more, half rather more. In pressed and contested
# lots, where their bids are the price to beat, they bid at one price.
SMALL_OVER_RESERVE = {("urban", NEXT): (0.15, 0.55), ("rural", NEXT): (0.10, 0.50), ("urban", SAME): (0.10, 0.50)}
SMALL_PRESSED = 0.15

# ---------------------------------------------------------------------------------------------------------
# From parameters to tables


def on_step(price, rounding=round):
    """The price on the grid, written as a decimal."""
    return round(rounding(round(price / STEP, 6)) * STEP, 2)


def split(total, weights, unit):
    """Splits the total into multiples of the unit in proportion to the weights: largest remainders first."""
    units, whole = divmod(total, unit)
    assert whole == 0, total
    scale = units / math.fsum(weights)
    parts = [math.floor(w * scale) for w in weights]
    order = sorted(range(len(parts)), key=lambda i: (parts[i] - weights[i] * scale, i))
    for i in order[: units - sum(parts)]:
        parts[i] += 1
    return [p * unit for p in parts]


@dataclass
class Lot:
    zone: geography.Zone
    service: str
    cost: float
    reserve: float
    offered: int  # packages that are for sale
    # Where the dock or the window is short, what PRESSED or CONTESTED says of it.
    pressed: float = 0
    contested: tuple = ()
    capacity: int = 0

    @property
    def kind(self):
        return ("rural" if self.zone.rural else "urban", self.service)

    @property
    def name(self):
        return f"{self.zone.name}-{self.service.split('_')[0]}"


@dataclass
class Need:
    """A demand row with the ways to serve it."""

    bidder: Bidder
    stream: Stream
    zone: geography.Zone
    volume: int
    routes: list  # (name, unit cost, capacity, facility)


@dataclass
class Given:
    """A small shippers' bid."""

    bidder: str
    lot: Lot
    volume: int
    price: float


@dataclass
class Facility:
    """Stations of a kind that are open or closed together."""

    fixed: float  # $ a year
    capacity: float  # packages a year
    volume: int  # what it is built for


@dataclass(frozen=True)
class Resolution:
    """How finely a case sees the country. All else is the same in all cases."""

    zones: typing.Callable  # from ZIP areas
    unit: int  # volumes are whole multiples of this many packages
    windows: tuple  # of a rural place
    # Which zones of a region share stations of a kind, from the zones, the volume of each that the stations
    # are built for, and how much one of them handles: a name for each zone's.
    places: typing.Callable
    city_share: float = 0  # of homes, from which on a zone's same-day window may be short
    city: bool = False  # lots name the town with most homes


def whole_region(zones, volumes, packages):
    """A region's stations are one."""
    return {z.name: z.region for z in zones}


def single_stations(zones, volumes, packages):
    """Single stations, which serve areas of one state that are neighbours by their codes: as many as the state
    fills, each with about the same volume."""
    places = {}
    for state in sorted({z.state for z in zones}):
        members = sorted((z.name, v) for z, v in zip(zones, volumes) if z.state == state)
        total = sum(v for _, v in members)
        stations = max(1, round(total / packages))
        served, before = {}, 0
        for name, v in members:
            middle = before + v / 2
            served.setdefault(min(int(middle * stations / total), stations - 1), []).append(name)
            before += v
        for names in served.values():
            place = " ".join(dict.fromkeys((state, names[0], names[-1])))
            places.update((name, place) for name in names)
    return places


RESOLUTIONS = {
    "usps2026": Resolution(geography.by_state, 10_000, (NEXT,), whole_region),
    "usps2026-national": Resolution(geography.by_zip3, 100, (SAME, NEXT), single_stations, CITY_SHARE, True),
}


class Case:
    """All numbers of the case, from the geography and the parameters above."""

    def __init__(self, areas, resolution):
        self.resolution, self.unit = resolution, resolution.unit
        self.zones = resolution.zones(areas)
        self.lots = [self.lot(z, s) for z in self.zones for s in (resolution.windows if z.rural else (SAME, NEXT))]
        self.by_name = {l.name: l for l in self.lots}
        self.needs = [n for b in BIDDERS for s in b.streams for n in self.spread(b, s)]
        self.needs.sort(key=lambda n: ([b.name for b in BIDDERS].index(n.bidder.name), n.zone.name, n.stream.service))
        self.wanted = {}  # by lot: who wants it for a demand of its own service, in the order of the bidders
        for n in self.needs:
            self.wanted.setdefault(self.lot_of(n).name, []).append(n)
        self.facilities = self.build()
        self.small = self.small_bids()
        self.given_in = {}  # by lot: the small shippers' bids
        for g in self.small:
            self.given_in.setdefault(g.lot.name, []).append(g)
        self.limit_capacity()

    def lot(self, zone, service):
        gap = zone.mean(spacing)
        cost = round(SELLER_COST[service] + SELLER_DRIVING * gap, 2)
        kind = ("rural" if zone.rural else "urban", service)
        unit = 10 * self.unit
        offered = max(round(OFFERED[kind] * zone.homes / unit), 1) * unit
        lot = Lot(zone, service, cost, on_step(cost * COVERAGE, math.ceil), offered)
        if service == NEXT or zone.share("urban", "dense_urban") >= self.resolution.city_share:
            lot.pressed = PRESSED.get((zone.state, *kind), 0)
            lot.contested = CONTESTED.get((zone.state, *kind), ())
        return lot

    def spread(self, bidder, stream):
        zones = [z for z in self.zones if z.rural == stream.rural and z.state in stream.states]
        volumes = split(stream.volume, [z.weight(stream.tiers) for z in zones], self.unit)
        places = {}
        for kind, region, packages in ((s.kind, r, s.packages) for s in bidder.stations for r in s.regions):
            mine = [(z, v) for z, v in zip(zones, volumes) if z.region == region and v]
            if mine and any(getattr(r, "facility", "") == kind for r in stream.routes):
                places.update(((kind, name), place) for name, place in self.resolution.places(*zip(*mine), packages).items())
        for zone, volume in zip(zones, volumes):
            if not volume:
                continue
            routes = []
            for r in stream.routes:
                kind = getattr(r, "facility", "")
                facility = f"{kind} {places[kind, zone.name]}" if (kind, zone.name) in places else ""
                cap = getattr(r, "share", math.inf) * volume
                cap = math.inf if math.isinf(cap) else round(cap / self.unit) * self.unit
                if cap > 0:
                    routes.append((r.name, round(r.cost(zone, stream.tiers), 2), cap, facility))
            yield Need(bidder, stream, zone, volume, routes)

    def build(self):
        """One facility for each bidder, kind of station and place: as many stations as its demand fills, the
        last one only as large as it must be, and never less than a quarter of one."""
        rows = {}
        for bidder in BIDDERS:
            for station in bidder.stations:
                volumes = {}
                for region in station.regions:
                    for n in self.needs:
                        if n.bidder is bidder and n.zone.region == region:
                            for facility in {r[3] for r in n.routes if r[3].startswith(station.kind)}:
                                volumes[facility] = volumes.get(facility, 0) + n.volume
                for name, volume in volumes.items():
                    capacity = math.inf
                    if not math.isinf(station.headroom):
                        capacity = math.ceil(volume * station.headroom / self.unit) * self.unit
                    fixed = round(station.fixed * max(volume / station.packages, 0.25) / 1000) * 1000
                    rows[bidder.name, name] = Facility(fixed, capacity, volume)
        return rows

    def wants(self, lot):
        """Who wants the lot for a demand of its own service: (need, most volume of any type)."""
        return [(n, n.volume * max([t.volume for t in n.bidder.types], default=1)) for n in self.wanted.get(lot.name, ())]

    def small_bids(self):
        bids = []
        for kind, volume in SMALL_VOLUME.items():
            lots = [l for l in self.lots if l.kind == kind]
            for lot, v in zip(lots, split(volume, [l.zone.homes for l in lots], self.unit)):
                if v:
                    overs = SMALL_OVER_RESERVE[kind]
                    if lot.pressed:
                        overs = (SMALL_PRESSED,)
                    if lot.contested:
                        overs = (lot.contested[1],)
                    name = next(n for n, regions in SMALL.items() if lot.zone.region in regions)
                    for over, part in zip(overs, split(v, [1] * len(overs), self.unit)):
                        if part:
                            bids.append(Given(name, lot, part, on_step(lot.reserve + over)))
        return bids

    def given(self, lot):
        """The small shippers' packages in the lot."""
        return sum(g.volume for g in self.given_in.get(lot.name, ()))

    def limit_capacity(self):
        """Sets the capacities: short in the pressed and the contested lots, ample in all others."""
        for lot in self.lots:
            strategic = [v for _, v in self.wants(lot)]
            if lot.pressed:
                lot.capacity = round(lot.pressed * sum(strategic) / self.unit) * self.unit
            elif lot.contested:
                missing = lot.contested[0] * max(strategic)
                if self.given(lot) < missing:  # more of the small shippers' packages than their even share
                    self.given_in[lot.name][0].volume = math.ceil(missing / self.unit) * self.unit
                lot.capacity = math.ceil((sum(strategic) + self.given(lot) - missing) / self.unit) * self.unit
            else:
                everyone = sum(strategic) + self.given(lot)
                lot.capacity = max(lot.offered, math.ceil(AMPLE * everyone / self.unit) * self.unit)

    def access(self, bidder, lot):
        """What it costs to bring a package to the lot; None where the bidder cannot."""
        return bidder.access.get((lot.zone.rural, lot.service))

    def lot_of(self, need):
        """The lot of the need's own service in its zone."""
        return self.by_name[f"{need.zone.name}-{need.stream.service.split('_')[0]}"]

    def worth(self, need, type_=Type("", 1)):
        """What a package of the lot is worth to the bidder at most: its cheapest other way, fixed cost spread
        evenly over all that a station is built for, less access; and no more than it earns."""
        other = []
        for _, unit, cap, facility in need.routes:
            if cap < need.volume:
                continue
            f = self.facilities.get((need.bidder.name, facility), Facility(0, math.inf, 1))
            other.append(unit * type_.unit + f.fixed * type_.fixed / f.volume)
        if not math.isnan(need.stream.value):
            other.append(need.stream.value * type_.value)
        return min(other) - self.access(need.bidder, self.lot_of(need)) * type_.access


def spacing(area):
    """Miles between neighbouring homes."""
    return 1 / math.sqrt(area.density)


# ---------------------------------------------------------------------------------------------------------
# The tables


def cell(x):
    if isinstance(x, float):
        if math.isnan(x) or math.isinf(x):
            return ""
        if x == int(x):
            return str(int(x))
        return repr(x)
    return str(x)


def table(header, rows):
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(header.split(","))
    for row in rows:
        out.writerow([cell(x) for x in row])
    return text.getvalue()


def tables(case):
    """All tables of the case by file name."""
    t = {}
    t["lots.csv"] = table(
        "lot,zone,service,capacity,reserve,cost,state,region,rural,homes,delivery_points,land_sq_mi,homes_per_sq_mi,latitude,longitude"
        + ",city" * case.resolution.city,
        ((l.name, l.zone.name, l.service, l.capacity, l.reserve, l.cost, l.zone.state, l.zone.region, int(l.zone.rural),
          l.zone.homes, round(l.zone.homes * geography.DELIVERY_POINTS_PER_HOME), round(l.zone.land, 2 * (l.zone.land < 10)),
          round(l.zone.homes / l.zone.land, 1), round(l.zone.mean(lambda a: a.latitude), 2),
          round(l.zone.mean(lambda a: a.longitude), 2)) + (l.zone.city,) * case.resolution.city for l in case.lots))

    small_total = sum(SMALL_VOLUME.values())
    small_volume = {name: sum(g.volume for g in case.small if g.bidder == name) for name in SMALL}
    volumes = split(small_total, [small_volume[n] for n in SMALL], case.unit)
    payments = split(SMALL_PAYMENT, volumes, case.unit)
    t["bidders.csv"] = table(
        "bidder,class,budget,max_volume,access_cost,current_volume,current_payment,own_parcels",
        [(b.name, b.kind, "", "", "", b.current_volume or "", b.current_payment or "", int(b.own_parcels)) for b in BIDDERS]
        + [(n, "small", "", "", "", v, p, 0) for n, v, p in zip(SMALL, volumes, payments)])

    t["demand.csv"] = table(
        "bidder,zone,service,volume,value",
        ((n.bidder.name, n.zone.name, SAME if n.stream.service == SAME else ANY, n.volume, n.stream.value)
         for n in case.needs))
    t["routes.csv"] = table(
        "bidder,route,zone,service,unit_cost,capacity,facility",
        ((n.bidder.name, route, n.zone.name, n.stream.service, unit, cap, facility)
         for n in case.needs for route, unit, cap, facility in n.routes))
    t["facilities.csv"] = table(
        "bidder,facility,fixed_cost,capacity",
        ((bidder, name, f.fixed, f.capacity) for (bidder, name), f in case.facilities.items()))
    t["access.csv"] = table("bidder,lot,unit_cost", access_rows(case))
    t["types.csv"] = table(
        "bidder,type,probability,value_factor,volume_factor,access_cost_factor,unit_cost_factor,fixed_cost_factor",
        ((b.name, y.name, y.probability, y.value, y.volume, y.access, y.unit, y.fixed) for b in BIDDERS for y in b.types))
    t["bids.csv"] = table("bidder,bid,lot,quantity,price,amount,min_fraction,group,requires", first_round(case))
    t["beliefs.csv"] = table("scenario,probability,bidder,bid,lot,quantity,price,amount,min_fraction,group", beliefs(case))
    t["rules.csv"] = table("name,value", [
        ("objective", "revenue"), ("payment", "pay_as_bid"), ("price_step", f"{STEP:.2f}"), ("ties", "order"),
        ("bid_steps", 1), ("currency", "USD")])
    t["scenarios.csv"] = table("scenario,table,where,column,change,value,probability", assumptions())
    return t


def access_rows(case):
    """A bidder reaches the lots of the zones where it has packages, and no others."""
    for b in BIDDERS:
        zones = {n.zone.name for n in case.needs if n.bidder is b}
        for lot in case.lots:
            cost = case.access(b, lot)
            if cost is not None and lot.zone.name in zones:
                yield b.name, lot.name, cost


# Rows of bids.csv: what bidders may have put into the first sealed round. They serve allocate; in solve the
# strategic bidders choose their own, and only the small shippers' rows stand.
FIRST_SHARE = 0.25  # of what a package of the lot is worth over the reserve
FIRST_MOST = 0.60  # $ over the reserve


def first_price(case, need):
    """The price of the need's lot in the first round, 0 where it is not worth its reserve."""
    lot = case.lot_of(need)
    over = case.worth(need) - lot.reserve
    return on_step(lot.reserve + min(FIRST_SHARE * over, FIRST_MOST), math.floor) if over >= 0 else 0


def first_round(case):
    offers = [(n, case.lot_of(n).name, first_price(case, n)) for n in case.needs]
    offers = [o for o in offers if o[2] > 0]
    for bidder in BIDDERS:
        mine = [o for o in offers if o[0].bidder is bidder]
        same = {n.zone.name for n, _, _ in mine if n.stream.service == SAME}
        if bidder.name == "Amazon":
            # All rural lots that a station serves, three quarters of them at least, since it closes only when
            # enough is won; or every package of them for a little more.
            for (_, facility) in (key for key in case.facilities if key[0] == bidder.name):
                place = facility.split(" ", 1)[1]
                rural = [o for o in mine if any(r[3] == facility for r in o[0].routes)]
                if not rural:
                    continue
                for n, lot, price in rural:
                    yield bidder.name, f"most of {place}", lot, n.volume, price, "", 0.75, place, ""
                amount = round(sum(n.volume * price for n, _, price in rural) * 1.01)
                for n, lot, _ in rural:
                    yield bidder.name, f"all of {place}", lot, n.volume, "", amount, 1, place, ""
                    amount = ""
            mine = [o for o in mine if not o[0].zone.rural]
        if bidder.name == "UPS":
            # A state's urban and rural lots together.
            for zone_state in geography.REGION_OF:
                for n, lot, price in (o for o in mine if o[0].zone.state == zone_state):
                    yield bidder.name, f"state {zone_state}", lot, n.volume, price, "", 0.5, "", ""
            continue
        for n, lot, price in mine:
            requires = ""
            if bidder.name == "Target" and n.stream.service == NEXT and n.zone.name in same:
                requires = f"{n.zone.name} same"  # one truck serves both windows
            name = f"{n.zone.name} {n.stream.service.split('_')[0]}" if bidder.name == "Target" else ""
            yield bidder.name, name, lot, n.volume, price, "", "", "", requires
    for g in case.small:
        yield g.bidder, "", g.lot.name, g.volume, g.price, "", "", "", ""


# beliefs.csv is Amazon's picture: each scenario is one combination of the types of these rivals.
UNSURE_OF = ("UPS", "FedEx", "Walmart")
# What a rival bids over the reserve where the lot is pressed: a share of what it is worth to it, by its type,
# for rivals of one type the middle.
BELIEVED_SHARE = (0.10, 0.18)
BELIEVED_MOST = 0.60


def beliefs(case):
    rivals = [b for b in BIDDERS if b.name != "Amazon"]
    unsure = [b for b in rivals if b.name in UNSURE_OF]
    for types in itertools.product(*(b.types for b in unsure)):
        of = {b.name: y for b, y in zip(unsure, types)}
        scenario = "/".join(y.name for y in types)
        probability = round(math.prod(y.probability for y in types), 6)
        for n in case.needs:
            if n.bidder.name == "Amazon":
                continue
            lot, y = case.lot_of(n), of.get(n.bidder.name)
            share = math.fsum(BELIEVED_SHARE) / 2 if y is None else BELIEVED_SHARE[n.bidder.types.index(y)]
            over = case.worth(n, y or Type("", 1)) - lot.reserve
            if over < 0:
                continue
            price = lot.reserve
            if lot.pressed:
                price = on_step(lot.reserve + min(share * over, BELIEVED_MOST), math.floor)
            if lot.contested:
                price = on_step(lot.reserve + min(lot.contested[1], over), math.floor)
            yield scenario, probability, n.bidder.name, "", lot.name, n.volume, price, "", "", ""
        for g in case.small:
            yield scenario, probability, g.bidder, "", g.lot.name, g.volume, g.price, "", "", ""


def assumptions():
    """Rows of scenarios.csv: what sweep solves the case under."""
    return (
        ("higher_reserves", "lots", "", "reserve", "add", "0.40", ""),
        ("higher_rural_reserves", "lots", "rural=1", "reserve", "add", "0.40", ""),
        ("reserves_at_todays_price", "lots", "rural=1", "reserve", "add", "1.00", ""),
        ("reserves_at_todays_price", "lots", "rural=0", "reserve", "add", "0.75", ""),
        ("cheap_rural_stations", "facilities", "bidder=Amazon", "fixed_cost", "multiply", "0.6", ""),
        ("dear_rural_stations", "facilities", "bidder=Amazon", "fixed_cost", "multiply", "1.5", ""),
        ("dear_drivers", "routes", "bidder=Amazon", "unit_cost", "multiply", "1.15", ""),
        ("more_windows", "lots", "service=same_day", "capacity", "multiply", "1.15", ""),
        ("fewer_windows", "lots", "service=same_day", "capacity", "multiply", "0.9", ""),
    )


# ---------------------------------------------------------------------------------------------------------
# A look at the case


def explain(case):
    """Prints for each lot its capacity, its reserve and what each bidder wants and is ready to pay, and how
    the case lies against the public totals."""
    for lot in case.lots:
        wants = [(n.bidder.name, n.volume, sorted({round(case.worth(n, y), 2) for y in n.bidder.types or (Type("", 1),)}))
                 for n, _ in case.wants(lot)]
        worth_it = sum(v for _, v, w in wants if w[-1] >= lot.reserve)
        mark = "pressed" if lot.pressed else "contested" if lot.contested else ""
        print(f"{lot.name:15} cap {lot.capacity / MILLION:7.2f}M  reserve {lot.reserve:.2f}  cost {lot.cost:.2f}"
              f"  wanted {worth_it / lot.capacity:5.0%}  {mark}")
        for name, v, w in wants:
            note = "" if w[-1] >= lot.reserve else "  under the reserve"
            if mark:
                # Served last, at the reserve, it wins what the others leave, and prefers that to winning all
                # at a price over this one.
                left = max(0, lot.capacity - worth_it - case.given(lot) + v)
                gives_way = [x - (x - lot.reserve) * min(left / v, 1) for x in w]
                note = f"  gives way over {' or '.join(f'{x:.2f}' for x in gives_way)}"
            print(f"    {name:10} {v / MILLION:7.2f}M  worth {' or '.join(f'{x:.2f}' for x in w)}{note}")
        for g in (g for g in case.small if g.lot is lot):
            print(f"    {g.bidder:28} {g.volume / MILLION:7.2f}M at {g.price:.2f}")
    print(f"\n{len(case.lots)} lots, {len(case.zones)} zones, {len(case.needs)} demand rows, {len(case.facilities)} facilities")
    print(f"capacity {sum(l.capacity for l in case.lots) / 1e9:.3f}bn, demand {sum(n.volume for n in case.needs) / 1e9:.3f}bn,"
          f" small shippers {sum(g.volume for g in case.small) / 1e9:.3f}bn")
    for b in BIDDERS:
        kinds = {}
        for n in case.needs:
            if n.bidder is b:
                lot = case.lot_of(n)
                won, all_, money = kinds.get(lot.kind, (0, 0, 0))
                take = case.worth(n) >= lot.reserve
                kinds[lot.kind] = (won + take * n.volume, all_ + n.volume, money + take * n.volume * lot.reserve)
        print(f"{b.name:10}", "  ".join(f"{'-'.join(k)} {w / MILLION:.0f} of {a / MILLION:.0f}M at reserve {m / max(w, 1):.2f}"
                                        for k, (w, a, m) in kinds.items()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the tables there instead of writing them")
    parser.add_argument("--explain", action="store_true", help="print who wants what where instead of writing")
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"which of {', '.join(RESOLUTIONS)}; all of them")
    flags = parser.parse_args()
    for name in flags.cases:
        if name not in RESOLUTIONS:
            parser.error(f"no case is named {name}: {', '.join(RESOLUTIONS)}")
    areas = geography.areas()
    wrong = []
    for name in flags.cases or RESOLUTIONS:
        case = Case(areas, RESOLUTIONS[name])
        if flags.explain:
            explain(case)
            continue
        made = tables(case)
        folder = pathlib.Path(__file__).resolve().parent.parent / name
        if flags.check:
            there = {f.name: f.read_bytes() for f in folder.glob("*.csv")}
            wrong += sorted(f"{name}/{t}" for t in made.keys() | there.keys() if made.get(t, "").encode() != there.get(t))
            continue
        folder.mkdir(exist_ok=True)
        for t, text in made.items():
            (folder / t).write_bytes(text.encode())
    for t in wrong:
        print(f"{t}: not what this script writes", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
