"""The purposes of the draws made along the care path: one number each, never reused (icsim.streams)."""

from typing import Final

# the need stream, indexed by candidate
NEED_GAP: Final = 100
NEED_CLASS: Final = 101
NEED_ACCEPTED: Final = 102
NEED_SEVERITY: Final = 103
# the care episode, indexed by episode * STEPS + step
CHOICE: Final = 110
SELF_CARE: Final = 111
WAITING: Final = 112
TELEPHONE: Final = 113
CONSULTATION: Final = 114
REFERRAL: Final = 115
FOLLOW_UP: Final = 116
DIRECT: Final = 117
CRISIS_TEAM: Final = 118
CALL_111: Final = 119
AMBULANCE: Final = 120
ADMISSION: Final = 121
FOUR_HOURS: Final = 122
AE_REFERRAL: Final = 123
OWN_WAY: Final = 124
CREW_ASKS: Final = 125
ASKS_TEAM: Final = 126
# the hospital stay, indexed by stay
ZERO_DAY: Final = 130
LENGTH_OF_STAY: Final = 131
CASE_FATALITY: Final = 132
WEEKEND: Final = 133
SUPPORT: Final = 134
ASSESSMENT: Final = 135
RELAPSE: Final = 136
RELAPSE_DAY: Final = 137
AFTERCARE: Final = 138
RELAPSE_SEVERITY: Final = 139
MENTAL_WARD: Final = 140
# the planned pathway, indexed by pathway * STEPS + step
FIRST_OUTPATIENT: Final = 150
OUTPATIENT_GAP: Final = 151
DAY_CASE: Final = 152
ELECTIVE_STAY: Final = 153
READY: Final = 154
# at the start and in monthly reviews, indexed by month or day
WAITING_AT_START: Final = 160
CASE_FINDING: Final = 161
CASELOAD_END: Final = 162
PACKAGE_END: Final = 163
HOSPITAL_USED: Final = 164
UNCOVERED: Final = 165
UNCOVERED_SEVERITY: Final = 166
UNCOVERED_DAY: Final = 167
TREATMENT_END: Final = 168
RECOVERY: Final = 169
# hospitals' load from outside the place, indexed by day, or by day * 4096 + patient
OUTSIDE_ATTENDANCES: Final = 170
OUTSIDE_ADMISSIONS: Final = 171
OUTSIDE_STAY: Final = 172
OUTSIDE_FOUR_HOURS: Final = 173
OUTSIDE_AT_START: Final = 174
BOARDERS_TURN: Final = 175
PROTECTED: Final = 176
# in monthly reviews, indexed by month
RELAPSE_OF_MIND: Final = 177
FOUND_IN_DISTRESS: Final = 178
LEAVES_QUEUE: Final = 179
IN_BED_AT_START: Final = 182
ROTATION: Final = 180
BEFRIENDING_END: Final = 181
# what organisations decide, indexed by month
EFFORT: Final = 190
LEADER: Final = 191
ETHOS: Final = 192
# services, indexed by service * 4096 + month (or site)
SERVICE_REACH: Final = 195
SERVICE_PICK: Final = 196
SERVICE_LEAVES: Final = 197
SERVICE_CLASH: Final = 198
SERVICE_FINDS: Final = 199
SERVICE_JOINS: Final = 200
SERVICE_TAKEN_UP: Final = 201
# choices of patients, indexed by month
LOOKS_AROUND: Final = 205
PRACTICE_CHOSEN: Final = 206

STEPS: Final = 16
"""Draws of one purpose that an episode may make."""
ORGANISATION: Final = 20
"""Entity kind of an organisation (kinds below 10 are people)."""
