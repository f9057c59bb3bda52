"""One day of care: services, levers and the daily kernel."""
