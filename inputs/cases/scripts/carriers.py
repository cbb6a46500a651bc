"""What it costs a carrier to stop at one more door.

A tour through n stops in an area A has length about 0.7124 sqrt(n A) (Beardwood, Halton, Hammersley 1959),
so the miles a stop are 0.7124 / sqrt(stops a square mile); a vehicle that carries C packages adds a leg of
2 r / C miles a stop, r from the station to the area (Daganzo 1984). A stop added to a tour that runs anyway
lengthens it by the derivative, half of the average.
"""

import math
from dataclasses import dataclass

TOUR = 0.7124  # Beardwood, Halton, Hammersley
CIRCUITY = 1.3  # road miles over straight ones
DELIVERY_DAYS = 300  # a year
LOAD = 150  # packages a vehicle carries
SPEED = {"rural": 38, "suburban": 24, "urban": 16, "dense_urban": 10}  # miles an hour between stops
LINE_HAUL = {"rural": 30, "suburban": 14, "urban": 9, "dense_urban": 6}  # miles from the station


@dataclass(frozen=True)
class Carrier:
    """Whose vehicle stops. Stops count at homes; a home's packages of a day are one stop."""

    wage: float  # $ an hour, all costs of a driver
    mile: float  # $ a mile of the vehicle
    minutes: float  # at the door
    handling: float  # $ a package before the vehicle leaves: station, sorting, claims
    packages: float  # a home and year that the carrier already delivers there
    new_tour: bool = False  # the tour exists only for these packages: average, not marginal miles

    def miles(self, area):
        """Miles a stop in the area, without the leg to and from it."""
        stops = area.density * self.packages / DELIVERY_DAYS  # a square mile and day
        average = CIRCUITY * TOUR / math.sqrt(stops)
        return average if self.new_tour else average / 2

    def cost(self, area):
        """Dollars a package."""
        leg = 2 * LINE_HAUL[area.tier] / LOAD
        if not self.new_tour:
            leg /= 2
        driving = (self.miles(area) + leg) * (self.mile + self.wage / SPEED[area.tier])
        return self.handling + self.minutes / 60 * self.wage + driving
