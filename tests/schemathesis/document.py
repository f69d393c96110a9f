"""The document on its own: that it is OpenAPI 3.1, and that its examples are what its schemas say."""

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from openapi_spec_validator import OpenAPIV31SpecValidator


def mistakes(document):
    """What is wrong with the document."""
    found = [f"{'/'.join(map(str, error.path))}: {error.message}" for error in OpenAPIV31SpecValidator(document).iter_errors()]
    count = 0
    for path, item in document["paths"].items():
        for method, operation in item.items():
            label = f"{method.upper()} {path}"
            for place, content in contents(operation):
                if "example" not in content or "schema" not in content:
                    continue
                count += 1
                # The schemas that it refers to are found in the document around it.
                schema = {**content["schema"], "components": document["components"]}
                validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
                error = best_match(validator.iter_errors(content["example"]))
                if error:
                    found.append(f"{label}: the example of {place} at {error.json_path}: {error.message}")
    if count == 0:
        found.append("the document has no examples")
    return found


def contents(operation):
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"its body ({kind})", content
    for status, response in operation["responses"].items():
        for kind, content in response.get("content", {}).items():
            yield f"{status} ({kind})", content
