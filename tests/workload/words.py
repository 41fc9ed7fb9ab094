"""Owns the words that the data set is written in; the earlier a word stands here, the commoner it is."""

from __future__ import annotations

_WORDS = """
morning project family letter window market school doctor kitchen journey summer question answer music
picture library station evening neighbour garden budget meeting holiday colour language history village
engine forest planet theatre harbour bridge island desert valley mountain meadow orchard thunder rainbow
blanket candle mirror ladder hammer pencil notebook compass lantern telescope bicycle tractor railway
airport passport luggage timetable ticket platform tunnel ferry lighthouse anchor paddle canoe current
cinnamon pepper lentil barley walnut almond cherry apricot pumpkin spinach mustard vinegar yeast dough
recipe kettle teapot saucer oven freezer pantry harvest seedling compost trellis greenhouse beehive pollen
violin trumpet cello drummer rhythm melody chorus rehearsal concert audience curtain costume scenery actor
novel chapter verse grammar dictionary translator publisher editor margin footnote archive manuscript
theorem algebra triangle integral variance sample hypothesis laboratory reagent crystal isotope enzyme
neuron vaccine antibody pulse surgeon pharmacy bandage clinic therapy allergy nutrition vitamin marathon
sprint referee goalkeeper racket stadium medal podium league cyclist climber glacier avalanche monsoon
barometer satellite antenna transistor resistor battery charger turbine solar firmware compiler kernel
thread packet router socket schema index journal snapshot replica backlog release branch merge review
invoice receipt mortgage pension dividend auction customs tariff warehouse courier pallet forklift crane
plumber electrician carpenter mason architect surveyor blueprint scaffold chimney gutter balcony attic
"""

WORDS = _WORDS.split()
