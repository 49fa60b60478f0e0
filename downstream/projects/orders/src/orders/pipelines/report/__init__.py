from kedro.pipeline import Pipeline, node


def lines(rows, year, options):
    for row in rows:
        yield f"{year} {row['id']} {row['price']:.2f}{options['currency']}"


def total(rows, parameters):
    return [{"total": round(sum(row["price"] for row in rows), 2), "least": parameters["north"]["least"]}]


def check(totals):
    assert totals


def create_pipeline(**kwargs):
    return Pipeline(
        [
            node(lines, ["shop.all_rows", "params:year", "params:report"], "report", name="lines", tags="end"),
            node(total, ["shop.all_rows", "parameters"], "totals@jsonl", name="total"),
            node(check, "totals@again", None, name="check"),
        ]
    )
