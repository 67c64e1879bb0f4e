"""The engine: runs checks through a vantage and reports results. It knows no protocol."""
