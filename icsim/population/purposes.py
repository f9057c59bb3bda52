"""What each stream of the population is for: numbers for ``icsim.streams`` (1-99; care has 100 and above).

A number once used keeps its meaning: changing one changes everybody's life.
"""

# kinds of entity
RESIDENT = 1  # (LSOA, age, k): present when the run starts
NEWBORN = 2  # (LSOA, calendar month, k)
MOVER = 3  # (LSOA, calendar year, k): moves in
AREA = 4  # (LSOA)

# of a person; index 0 unless said
KEEP = 1  # in a sample
ORDER = 2  # row among the people present at the start
SEX = 3
BIRTHDAY = 4  # day within the year of age
OLD_AGE = 5  # age of someone counted as 90 and over
FACTOR = 6  # factor shared by conditions and frailty
CONDITION = 7  # index: the condition
ONSET = 8  # index: age; onsets that replace those whom deaths take
FRAILTY = 9
FRAILTY_STEP = 10  # index: age
MENTAL_NEED = 11
SOCIAL_NEED = 12
CARE_HOME = 13
HOME_CARE = 14
ACTIVATION = 15
LONELINESS = 16
SUSCEPTIBILITY = 17
TRUST = 18  # index: 0 GP, 1 A&E, 2 community
PRACTICE = 19
DEPARTURE = 20  # index: calendar year
DEPARTURE_DAY = 21  # index: calendar year
ARRIVAL_AGE = 22
ARRIVAL_DAY = 23

# of an area
BIRTHS = 40  # index: calendar month
ARRIVALS = 41  # index: calendar year
