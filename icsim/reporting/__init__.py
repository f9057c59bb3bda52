"""The report of a run: one page of HTML that needs no network and no JavaScript, made to be read "
"and printed."""
