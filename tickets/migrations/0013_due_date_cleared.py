from django.db import migrations, models
from django.db.models import Case, Value, When
from django.db.models.functions import Coalesce


class Migration(migrations.Migration):
    dependencies = [("tickets", "0012_endings_and_events")]

    operations = [
        # What is generated cannot be altered, only made anew, and its index with it.
        migrations.RemoveIndex("ticket", "ticket_overdue"),
        migrations.RemoveField("ticket", "current_due_on"),
        migrations.AddField(
            "ticket",
            "their_due_cleared",
            models.BooleanField(
                default=False,
                help_text="Whether the record had a due date and somebody took it away.",
                verbose_name="due date cleared in ServiceNow",
            ),
        ),
        migrations.AddField(
            "ticket",
            "current_due_on",
            models.GeneratedField(
                db_persist=True,
                expression=Case(
                    When(their_due_cleared=True, then=Value(None)), default=Coalesce("their_due_on", "due_on")
                ),
                output_field=models.DateField(null=True, verbose_name="due date"),
            ),
        ),
        migrations.AddIndex(
            "ticket", models.Index(fields=["is_open", "current_due_on"], name="ticket_overdue")
        ),
    ]
