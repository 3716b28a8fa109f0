"""A module that is embedded into a component."""


def inside(number, limits):
    return limits['low'] <= number <= limits['high']
