from bot.retries import backoff_seconds


def test_after_errors_the_wait_doubles_up_to_a_minute():
    assert [backoff_seconds(errors) for errors in range(9)] == [2, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_thousand_errors_still_wait_a_minute():
    assert backoff_seconds(1000) == 60
