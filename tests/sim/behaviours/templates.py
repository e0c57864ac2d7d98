"""Templates: parameters, functions, conditions, transforms, and what a template cannot be."""

import json

from answers import refused
from documented import body, created, documented, logs, named, outputs, queue, updated


def value(aws, name, value, **more):
    """What an output with this value is."""
    stack = created(aws, name, body({"Q": named(f"q-{name}")}, Outputs={"V": {"Value": value}}, **more))
    return outputs(stack)["V"]


def refuses(aws, words, template, code="ValidationError", **more):
    refused(code, words, aws.cfn.create_stack, StackName="wrong", TemplateBody=template, **more)


def parameter(name, value):
    return {"ParameterKey": name, "ParameterValue": value}


@documented("User Guide, Parameters: Default")
def a_parameter_has_a_default_or_a_value(aws):
    declared = {"P": {"Type": "String", "Default": "d"}}
    assert value(aws, "default", {"Ref": "P"}, Parameters=declared) == "d"
    refuses(aws, "must have values", body({"Q": queue()}, Parameters={"P": {"Type": "String"}}))
    refuses(aws, "do not exist in the template", body({"Q": queue()}), Parameters=[parameter("Other", "x")])


@documented("User Guide, Parameters: constraints")
def a_parameter_keeps_to_its_constraints(aws):
    for declared, given in (({"AllowedValues": ["a"]}, "b"), ({"AllowedPattern": "[a-z]+"}, "1"), ({"MaxLength": 1}, "ab"),
                            ({"Type": "Number", "MinValue": 2}, "1"), ({"Type": "Number"}, "x")):
        template = body({"Q": queue()}, Parameters={"P": {"Type": "String", **declared}})
        refuses(aws, "P", template, Parameters=[parameter("P", given)])


@documented("User Guide, Parameters: NoEcho")
def a_secret_parameter_is_masked(aws):
    template = body({"Q": queue()}, Parameters={"P": {"Type": "String", "NoEcho": True}})
    stack = created(aws, "hidden", template, Parameters=[parameter("P", "secret")])
    assert stack["Parameters"] == [parameter("P", "****")]


@documented("User Guide, Parameters: NoEcho, stack events")
def a_secret_parameter_is_hidden_in_events(aws):
    template = body({"T": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "P"}}}},
                    Parameters={"P": {"Type": "String", "NoEcho": True}})
    created(aws, "hidden-events", template, Parameters=[parameter("P", "secret")])
    assert "secret" not in str(aws.events("hidden-events")) and "****" in str(aws.events("hidden-events"))


@documented("API Reference, Parameter: UsePreviousValue")
def a_parameter_keeps_its_value(aws):
    template = body({"Q": queue()}, Parameters={"P": {"Type": "String"}}, Outputs={"V": {"Value": {"Ref": "P"}}})
    created(aws, "keeps", template, Parameters=[parameter("P", "one")])
    stack = updated(aws, "keeps", template.replace('"V"', '"W"'), Parameters=[{"ParameterKey": "P", "UsePreviousValue": True}])
    assert outputs(stack) == {"W": "one"}


@documented("User Guide, CommaDelimitedList")
def a_list_is_a_parameter(aws):
    declared = {"P": {"Type": "CommaDelimitedList", "Default": "a, b"}}
    assert value(aws, "list", {"Fn::Join": ["-", {"Ref": "P"}]}, Parameters=declared) == "a-b"


@documented("User Guide, Conditions")
def a_condition_decides_whether_a_resource_exists(aws):
    conditions = {"Yes": {"Fn::Equals": ["a", "a"]}, "No": {"Fn::Not": [{"Condition": "Yes"}]}}
    created(aws, "some", body({"A": queue(Condition="Yes"), "B": queue(Condition="No")}, Conditions=conditions))
    found = aws.cfn.describe_stack_resources(StackName="some")["StackResources"]
    assert [own["LogicalResourceId"] for own in found] == ["A"]


@documented("User Guide, Fn::If")
def a_condition_chooses_a_value(aws):
    conditions = {"Yes": {"Fn::Or": [{"Fn::Equals": ["a", "b"]}, {"Fn::Equals": ["a", "a"]}]}}
    assert value(aws, "chosen", {"Fn::If": ["Yes", "this", "that"]}, Conditions=conditions) == "this"


@documented("User Guide, Mappings")
def a_mapping_is_looked_up(aws):
    found = value(aws, "mapped", {"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "K"]}, Mappings={"M": {"eu-west-1": {"K": "here"}}})
    assert found == "here"


@documented("User Guide, Intrinsic functions: text")
def texts_are_put_together_and_taken_apart(aws):
    assert value(aws, "sub", {"Fn::Sub": ["${Q.QueueName}-${X}", {"X": "y"}]}) == "q-sub-y"
    assert value(aws, "select", {"Fn::Select": [1, {"Fn::Split": [",", "a,b,c"]}]}) == "b"
    assert value(aws, "base", {"Fn::Base64": "hello"}) == "aGVsbG8="


@documented("User Guide, Fn::GetAZs")
def a_region_has_zones(aws):
    assert value(aws, "zones", {"Fn::Select": [0, {"Fn::GetAZs": ""}]}).startswith("eu-west-1")


@documented("User Guide, Fn::Cidr")
def a_network_is_divided(aws):
    assert value(aws, "cidr", {"Fn::Select": [1, {"Fn::Cidr": ["10.0.0.0/16", 2, 8]}]}) == "10.0.1.0/24"


@documented("User Guide, Pseudo parameters")
def pseudo_parameters_say_where_a_stack_is(aws):
    text = {"Fn::Sub": "${AWS::AccountId} ${AWS::Region} ${AWS::Partition} ${AWS::StackName} ${AWS::URLSuffix}"}
    assert value(aws, "pseudo", text) == f"{aws.number} eu-west-1 aws pseudo amazonaws.com"


@documented("User Guide, AWS::NoValue")
def a_property_can_be_left_out(aws):
    created(aws, "less", body({"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "AWS::NoValue"}}}}))


@documented("User Guide, DependsOn attribute")
def a_resource_waits_for_another(aws):
    created(aws, "order", body({"A": queue(DependsOn="B"), "B": queue(DependsOn="C"), "C": queue()}))
    done = [event["LogicalResourceId"] for event in aws.events("order")[::-1] if event["ResourceStatus"] == "CREATE_COMPLETE"]
    assert done == ["C", "B", "A", "order"], done


@documented("User Guide, Troubleshooting: circular dependencies")
def a_circle_is_refused(aws):
    refuses(aws, "Circular dependency between resources", body({"A": queue(DependsOn="B"), "B": queue(DependsOn="A")}))


@documented("API Reference, CreateStack: unresolved references")
def an_unknown_reference_is_refused(aws):
    refuses(aws, "Unresolved resource dependencies [None]", body({"Q": queue({"Ref": "None"})}))


@documented("API Reference, CreateStack: format")
def a_template_has_a_form(aws):
    refuses(aws, "Template format error", "{")
    refuses(aws, "At least one Resources member must be defined", json.dumps({"Resources": {}}))
    refuses(aws, "Nonsense", json.dumps({"Resources": {"Q": queue()}, "Nonsense": {}}))


@documented("User Guide, Resource attributes: deletion policy")
def an_unknown_policy_of_deletion_is_refused(aws):
    refuses(aws, "Bogus", body({"Q": queue(DeletionPolicy="Bogus")}))


@documented("User Guide, Fn::GetAtt")
def an_unknown_attribute_is_refused(aws):
    refuses(aws, "Colour", body({"Q": queue(), "R": queue({"Fn::GetAtt": ["Q", "Colour"]})}))


@documented("User Guide, Quotas: template body")
def a_long_template_comes_from_a_bucket(aws):
    template = body({"Q": queue()}, Metadata={"Long": "x" * 60_000})
    refuses(aws, "51200", template)
    s3, bucket = aws.client("s3"), f"templates-{aws.number}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=bucket, Key="one.json", Body=template.encode())
    aws.cfn.create_stack(StackName="long", TemplateURL=f"https://{bucket}.s3.eu-west-1.amazonaws.com/one.json")
    aws.settled("long", "CREATE_COMPLETE")


@documented("User Guide, Quotas: resources")
def a_template_has_at_most_500_resources(aws):
    resources = {f"W{number}": {"Type": "AWS::CloudFormation::WaitConditionHandle"} for number in range(501)}
    refuses(aws, "500", body(resources))


@documented("User Guide, Quotas: parameters")
def a_template_has_at_most_200_parameters(aws):
    refuses(aws, "200", body({"Q": queue()}, Parameters={f"P{number}": {"Type": "String", "Default": ""} for number in range(201)}))


@documented("API Reference, CreateStack: Capabilities")
def rights_need_to_be_acknowledged(aws):
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]}}}
    refuses(aws, "CAPABILITY_IAM", body({"R": role}), "InsufficientCapabilitiesException")
    named_role = {**role, "Properties": {**role["Properties"], "RoleName": "one"}}
    refuses(aws, "CAPABILITY_NAMED_IAM", body({"R": named_role}), "InsufficientCapabilitiesException", Capabilities=["CAPABILITY_IAM"])
    created(aws, "rights", body({"R": role}), Capabilities=["CAPABILITY_IAM"])


@documented("API Reference, CreateStack: CAPABILITY_AUTO_EXPAND")
def transforms_need_to_be_acknowledged(aws):
    template = body({"Q": queue()}, Transform="AWS::LanguageExtensions")
    refuses(aws, "CAPABILITY_AUTO_EXPAND", template, "InsufficientCapabilitiesException")


@documented("Template Reference, AWS::LanguageExtensions: Fn::ForEach")
def a_loop_makes_resources(aws):
    loop = {"Fn::ForEach::Topics": ["N", ["A", "B"], {"Topic${N}": {"Type": "AWS::SNS::Topic"}}]}
    created(aws, "loop", body(loop, Transform="AWS::LanguageExtensions"), Capabilities=["CAPABILITY_AUTO_EXPAND"])
    found = aws.cfn.describe_stack_resources(StackName="loop")["StackResources"]
    assert {own["LogicalResourceId"] for own in found} == {"TopicA", "TopicB"}


@documented("Template Reference, AWS::LanguageExtensions: functions")
def lengths_and_json_are_functions(aws):
    words = {"Transform": "AWS::LanguageExtensions"}
    template = body({"Q": named("lengths")}, Outputs={
        "L": {"Value": {"Fn::Length": ["a", "b"]}}, "J": {"Value": {"Fn::ToJsonString": {"a": 1}}}}, **words)
    assert outputs(created(aws, "more", template, Capabilities=["CAPABILITY_AUTO_EXPAND"])) == {"L": "2", "J": '{"a":1}'}


@documented("Template Reference, AWS::Serverless transform")
def a_transform_that_is_not_there_ends_the_deployment(aws):
    template = body({"F": {"Type": "AWS::Serverless::Function", "Properties": {}}}, Transform="AWS::Serverless-2016-10-31")
    found = aws.change_set("sam", ChangeSetName="one", ChangeSetType="CREATE", TemplateBody=template, Capabilities=["CAPABILITY_AUTO_EXPAND"])
    assert found["Status"] == "FAILED" and "AWS::Serverless-2016-10-31" in found["StatusReason"], found


@documented("User Guide, SSM parameter types")
def a_parameter_is_read_from_ssm(aws):
    created(aws, "kept", body({"P": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/shop/size", "Type": "String", "Value": "7"}}}))
    declared = {"P": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/shop/size"}}
    assert value(aws, "reads", {"Ref": "P"}, Parameters=declared) == "7"
    refuses(aws, "/shop/none", body({"Q": queue()}, Parameters={"P": {**declared["P"], "Default": "/shop/none"}}))


@documented("Public parameters of ECS")
def amis_of_ecs_are_public_parameters(aws):
    name = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"
    assert value(aws, "ami", {"Ref": "P"}, Parameters={"P": {"Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", "Default": name}}).startswith("ami-")


@documented("User Guide, Dynamic references")
def a_reference_is_resolved_late(aws):
    created(aws, "kept", body({"P": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/late/days", "Type": "String", "Value": "7"}}}))
    created(aws, "late", body({"L": logs("{{resolve:ssm:/late/days}}")}))


@documented("User Guide, Dynamic references: public parameters")
def a_reference_to_a_public_parameter_is_resolved(aws):
    instance = {"ImageId": "{{resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-arm64}}"}
    created(aws, "public", body({"I": {"Type": "AWS::EC2::Instance", "Properties": instance}}))


@documented("API Reference, GetTemplate")
def a_template_is_given_back_without_letters_beyond_ascii(aws):
    template = body({"Q": queue()}, Description="größer").encode().decode("unicode_escape")
    created(aws, "given", template)
    assert aws.cfn.get_template(StackName="given")["TemplateBody"]["Description"] == "gr??er"


@documented("API Reference, GetTemplateSummary")
def a_template_is_summed_up(aws):
    found = aws.cfn.get_template_summary(TemplateBody=body({"Q": queue()}, Parameters={"P": {"Type": "String"}}, Description="d"))
    assert (found["Description"], found["ResourceTypes"], found["Parameters"][0]["ParameterKey"]) == ("d", ["AWS::SQS::Queue"], "P")


@documented("API Reference, ValidateTemplate")
def a_template_is_validated(aws):
    found = aws.cfn.validate_template(TemplateBody=body({"Q": queue()}, Parameters={"P": {"Type": "String", "NoEcho": True}}))
    assert found["Parameters"][0]["NoEcho"] is True
    refused("ValidationError", "", aws.cfn.validate_template, TemplateBody="{}")
