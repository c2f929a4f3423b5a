from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0001_initial")]

    operations = [
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("is_open", True)),
                fields=["instance", "kind", "-created_at"],
                name="ticket_card_open",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("is_open", False)),
                fields=["instance", "kind", "-created_at"],
                name="ticket_card_rest",
            ),
        ),
    ]
