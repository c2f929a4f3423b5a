from django.db import migrations, models
from django.db.models.functions import Coalesce


class Migration(migrations.Migration):
    dependencies = [("tickets", "0001_initial")]

    operations = [
        migrations.AddField("ticket", "their_due_on", models.DateField(blank=True, null=True)),
        migrations.AddField(
            "ticket", "their_priority", models.PositiveSmallIntegerField(blank=True, null=True)
        ),
        migrations.AddField(
            "ticket",
            "current_due_on",
            models.GeneratedField(
                db_persist=True,
                expression=Coalesce("their_due_on", "due_on"),
                output_field=models.DateField(null=True, verbose_name="due date"),
            ),
        ),
        migrations.AddField(
            "ticket",
            "current_priority",
            models.GeneratedField(
                db_persist=True,
                expression=Coalesce("their_priority", "priority"),
                output_field=models.PositiveSmallIntegerField(
                    choices=[(1, "Critical"), (2, "High"), (3, "Moderate"), (4, "Low"), (5, "Planning")],
                    verbose_name="priority",
                ),
            ),
        ),
        migrations.AlterField("ticket", "is_open", models.BooleanField(default=True)),
        migrations.AddIndex(
            "ticket", models.Index(fields=["is_open", "current_due_on"], name="ticket_overdue")
        ),
    ]
