import functools


def logged(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


@logged
def drop_small(rows, least):
    if least > 100:
        raise ValueError(f"nothing is as large as {least}")
    return [row for row in rows if row["amount"] >= least]


def price(rows, rate, surcharge):
    return [{**row, "price": round(row["amount"] * rate + surcharge, 2)} for row in rows]


def join(north, south):
    return {"rows": north + south, "count": len(north) + len(south)}
