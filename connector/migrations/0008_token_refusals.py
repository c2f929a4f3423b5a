from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connector", "0007_keyless"),
    ]

    operations = [
        migrations.AddField(
            model_name="connection",
            name="next_token_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="next request for a token"),
        ),
        migrations.AddField(
            model_name="connection",
            name="token_refusals",
            field=models.PositiveIntegerField(default=0, verbose_name="tokens refused in a row"),
        ),
    ]
