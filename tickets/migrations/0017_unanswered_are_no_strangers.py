from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# A stranger's problem names its record: by number, or by sys_id where it has none.
NAMES_A_RECORD = r"^([A-Z]+[0-9]+|[0-9a-f]{32})$"


def tell_them_apart(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Both were called strangers until they had endings of their own, and stayed so."""
    tickets = apps.get_model("tickets", "Ticket").objects.filter(delivery="attention", last_ending="stranger")
    unanswered = list(tickets.exclude(last_problem__regex=NAMES_A_RECORD).values_list("pk", flat=True))
    attempts = apps.get_model("tickets", "PushAttempt").objects
    attempts.filter(ticket__in=unanswered, ending="stranger").update(ending="unfindable")
    tickets.filter(pk__in=unanswered).update(last_ending="unfindable")


class Migration(migrations.Migration):
    dependencies = [("tickets", "0016_records_of_comments")]

    operations = [migrations.RunPython(tell_them_apart, migrations.RunPython.noop)]
