"""Clean the raw tables and join them. Every function takes tables and returns a new one."""

import pandas as pd

MINUTES_PER_DAY = 24 * 60
ON_TIME_MINUTES = 15  # as the US Department of Transportation counts
WEATHER_COLUMNS = ["temp", "humid", "wind_speed", "precip", "visib", "pressure"]


def keep_completed(flights: pd.DataFrame) -> pd.DataFrame:
    """Drop flights that were cancelled or diverted: nobody knows how late they arrived."""
    return flights.dropna(subset=["dep_delay", "arr_delay"]).reset_index(drop=True)


def fill_weather_gaps(weather: pd.DataFrame, gap_hours: int) -> pd.DataFrame:
    """Give each airport a report for every hour, short gaps filled in from both sides.

    Longer gaps stay empty: what comes later decides what to make of them.
    """
    reports = weather.drop_duplicates(["origin", "time_hour"])
    hours = pd.date_range(reports["time_hour"].min(), reports["time_hour"].max(), freq="h")

    filled = {
        origin: of_origin.set_index("time_hour")[WEATHER_COLUMNS]
        .reindex(hours)
        .interpolate(limit=gap_hours, limit_area="inside")
        for origin, of_origin in reports.groupby("origin")
    }
    return pd.concat(filled, names=["origin", "time_hour"]).reset_index()


def describe_planes(planes: pd.DataFrame) -> pd.DataFrame:
    """Keep what may matter to a delay: when each plane was built and how many it seats."""
    return planes.rename(columns={"year": "built"})[["tailnum", "built", "seats"]]


def add_planned_minutes(
    flights: pd.DataFrame, airports: pd.DataFrame, unlisted_time_zone: int
) -> pd.DataFrame:
    """Add how long each flight was meant to take, gate to gate.

    The schedule is in local times (``1435`` is 14:35), so the difference between the time
    zones has to come off, and flights may land after midnight.
    """
    time_zones = airports.set_index("faa")["tz"]

    def time_zone(airport: pd.Series) -> pd.Series:
        return airport.map(time_zones).fillna(unlisted_time_zone)

    def minutes(clock: pd.Series) -> pd.Series:
        return clock // 100 * 60 + clock % 100

    on_the_clock = minutes(flights["sched_arr_time"]) - minutes(flights["sched_dep_time"])
    shift = 60 * (time_zone(flights["dest"]) - time_zone(flights["origin"]))
    return flights.assign(planned_minutes=(on_the_clock - shift) % MINUTES_PER_DAY)


def join_tables(
    flights: pd.DataFrame, weather: pd.DataFrame, planes: pd.DataFrame, carriers: pd.DataFrame
) -> pd.DataFrame:
    """Put the weather at departure, the plane and the carrier's name beside each flight.

    A flight without a match keeps its row. A second match would double it, so that is an error.
    """
    carriers = carriers.rename(columns={"name": "carrier_name"})
    return (
        flights.merge(weather, how="left", on=["origin", "time_hour"], validate="many_to_one")
        .merge(planes, how="left", on="tailnum", validate="many_to_one")
        .merge(carriers, how="left", on="carrier", validate="many_to_one")
    )


def report_carriers(flight_table: pd.DataFrame, min_flights: int) -> pd.DataFrame:
    """Compare the carriers, the most punctual first."""
    report = (
        flight_table.assign(on_time=flight_table["arr_delay"] <= ON_TIME_MINUTES)
        .groupby("carrier_name")
        .agg(
            flights=("arr_delay", "size"),
            share_on_time=("on_time", "mean"),
            mean_departure_delay=("dep_delay", "mean"),
            mean_arrival_delay=("arr_delay", "mean"),
        )
        .query("flights >= @min_flights")
    )
    return report.sort_values("share_on_time", ascending=False).round(3).reset_index()
