from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0003_sign_in_links")]
    operations = [
        migrations.AddIndex(
            model_name="project",
            index=models.Index(fields=["company", "name", "id"], name="project_by_name"),
        ),
    ]
