"""The right that an option gives: to buy or to sell. The numbers are the signs in formulas."""

CALL = 1
PUT = -1
