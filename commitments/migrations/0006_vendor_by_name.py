from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("commitments", "0005_number_whatever_its_capitals")]
    operations = [
        migrations.AddIndex(
            model_name="vendor",
            index=models.Index(fields=["company", "name", "id"], name="vendor_by_name"),
        ),
    ]
