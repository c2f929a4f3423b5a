from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connector", "0002_check_results"),
    ]

    operations = [
        migrations.RenameField(
            model_name="instance",
            old_name="calls_hour_at",
            new_name="calls_slot_at",
        ),
        migrations.AlterField(
            model_name="instance",
            name="calls_slot_at",
            field=models.DateTimeField(
                blank=True, null=True, verbose_name="last five minutes with calls began"
            ),
        ),
        migrations.AlterField(
            model_name="instance",
            name="calls_in_hour",
            field=models.PositiveIntegerField(default=0, verbose_name="calls that count"),
        ),
        migrations.AddField(
            model_name="instance",
            name="calls_earlier",
            field=models.JSONField(
                blank=True, default=list, verbose_name="calls in the five minutes before, and so on"
            ),
        ),
    ]
