"""The mail catcher keeps what it accepts and refuses what it is told to."""

import smtplib

import pytest


def send(catcher, *recipients, body="Hello"):
    with smtplib.SMTP('127.0.0.1', catcher.port, timeout=10) as smtp:
        return smtp.sendmail(
            'us@example.com', recipients, f"Subject: Test\r\nTo: x@example.com\r\n\r\n{body}\r\n")


def test_a_message_becomes_one_file_with_its_envelope(mail_catcher):
    send(mail_catcher, 'a@example.com', 'hidden@example.com')
    (message,) = mail_catcher.messages()
    assert message['Subject'] == "Test"
    assert message['X-Catcher-To'] == 'a@example.com, hidden@example.com'
    assert message.get_content().strip() == "Hello"


def test_order_of_arrival_is_kept(mail_catcher):
    for number in range(5):
        send(mail_catcher, 'a@example.com', body=str(number))
    assert [m.get_content().strip() for m in mail_catcher.wait(5)] == list('01234')


def test_a_refused_recipient_does_not_stop_the_others(mail_catcher):
    refused = send(mail_catcher, 'refuse.me@example.com', 'a@example.com')
    assert list(refused) == ['refuse.me@example.com']
    assert mail_catcher.messages()[0]['X-Catcher-To'] == 'a@example.com'


def test_a_server_in_trouble_keeps_nothing(start_catcher):
    catcher = start_catcher(fail=451)
    with pytest.raises(smtplib.SMTPDataError) as caught:
        send(catcher, 'a@example.com')
    assert caught.value.smtp_code == 451
    assert not catcher.messages()
