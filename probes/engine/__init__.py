"""Engine: runs checks through a vantage and reports results; it knows no protocol."""
