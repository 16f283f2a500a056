"""Data of an explorer with few users and items, some with hostile names."""

HOSTILE = '<img src=x onerror="document.title=1">'
CLOSING = "</script><script>document.title=2</script>"

N_USERS, N_ITEMS = 30, 40


def explored():
    """A data set with two models, of which the first has intervals; every third rating is held out.

    User 7 of ``u-7`` and so on; the title of item 3 is `HOSTILE`, that of item 4 `CLOSING`.
    """
    users, items = range(N_USERS), range(N_ITEMS)
    titles = [f"Film {n} ({1960 + n})" for n in items]
    titles[3], titles[4] = HOSTILE, CLOSING
    rated = [[(user + step) % N_ITEMS for step in range(15)] for user in users]
    ratings = [[1 + (user + item) % 5 for item in rated[user]] for user in users]
    held_out = [2 if step % 3 == 2 else 0 for step in range(15)]
    n_test = held_out.count(2) * N_USERS
    reasons = [
        ["base", None, 3.5],
        ["user", None, 0.25],
        ["item", None, -0.5],
        ["word", 0, 0.75],
        ["rest", None, 0.5],
        ["neighbour", 3, 0.4],
    ]
    recommended = [[(user + 20 + step) % N_ITEMS for step in range(5)] for user in users]
    recommendations = {
        "item": recommended,
        "predicted": [[4.5] * 5 for _ in users],
        "reasons": [[reasons] * 5 for _ in users],
    }
    rmse = {"users": [[5, n / 10, -0.5] for n in users], "items": [None, *[[5, 0.5, 0.1]] * 39]}
    return {
        "dataset": "few",
        "rating_range": [1, 5],
        "level": 0.9,
        "sample": {"users": [N_USERS, 1000], "items": [N_ITEMS, N_ITEMS], "how": "The first ones."},
        "map_method": "Made up.",
        "models": [
            {
                "name": name,
                "recommends": True,
                "predicts": True,
                "intervals": name == "bayes",
                "fitted_on": "all ratings",
            }
            for name in ("bayes", "mf")
        ],
        "genres": ["Drama", HOSTILE],
        "words": ["war", CLOSING],
        "items": {
            "id": [f"i-{n}" for n in items],
            "title": titles,
            "year": [1960 + n for n in items],
            "genres": [[n % 2] for n in items],
            "n_train": [10] * N_ITEMS,
            "n": [100 - n for n in items],
            "mean": [None, *[3.5] * (N_ITEMS - 1)],
            "x": [25 * n for n in items[:-1]] + [None],
            "y": [1000 - 25 * n for n in items[:-1]] + [None],
            "words": [[[0, 0.8], [1, 0.2]] for _ in items],
            "near_factors": [[[3, 0.9], [4, 0.8]] for _ in items[:-1]] + [[]],
            "near_words": [[] for _ in items],
            "fans": [[[5, 4.9]] for _ in items],
            "predicted": [[0, 0, 0, 5, 10, 10, 5, 0] for _ in items],
        },
        "users": {
            "id": [f"u-{n}" for n in users],
            "n_train": [10] * N_USERS,
            "mean": [3.0] * N_USERS,
        },
        "errors": {"bayes": rmse, "mf": rmse},
        "history": {
            "start": [15 * n for n in range(N_USERS + 1)],
            "item": [item for row in rated for item in row],
            "rating": [rating for row in ratings for rating in row],
            "part": "".join(map(str, held_out * N_USERS)),
            "predicted": {"bayes": [3.0] * n_test, "mf": [n % 5 + 0.5 for n in range(n_test)]},
            "low": {"bayes": [2.0] * n_test},
            "high": {"bayes": [4.0] * n_test},
        },
        "recommendations": {
            "bayes": {
                **recommendations,
                "low": [[3.5] * 5 for _ in users],
                "high": [[5.0] * 5 for _ in users],
            },
            "mf": {**recommendations, "low": None, "high": None},
        },
    }
