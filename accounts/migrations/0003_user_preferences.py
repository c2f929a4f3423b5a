from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_user_successor"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="time_zone",
            field=models.CharField(
                blank=True,
                help_text="Empty: the organization's.",
                max_length=40,
                verbose_name="time zone",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="exact_times",
            field=models.BooleanField(default=False, verbose_name="exact times"),
        ),
    ]
