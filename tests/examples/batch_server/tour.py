# SPDX-License-Identifier: Apache-2.0
"""A tour of all operations of AWS Batch: which request each gets, in an order
in which all succeed, and what of the answer must be so.

A step is (operation, request, check); a request may use what earlier answers
told, by way of `seen`.
"""
from support import ARN, expect, expect_in

TRAINING = (
    '{"TrainingJobName":"t","ResourceConfig":{"InstanceType":"ml.m5.large",'
    '"InstanceCount":1,"VolumeSizeInGB":1}}'
)


def environment(name, state="ENABLED"):
    return {
        "computeEnvironmentName": name,
        "type": "MANAGED",
        "state": state,
        "tags": {"team": "a"},
        "computeResources": {
            "type": "EC2",
            "allocationStrategy": "BEST_FIT_PROGRESSIVE",
            "minvCpus": 0,
            "maxvCpus": 64,
            "instanceTypes": ["optimal"],
            "subnets": ["subnet-1"],
            "securityGroupIds": ["sg-1"],
            "instanceRole": "ecsInstanceRole",
        },
    }


def queue(name, **more):
    order = [{"order": 1, "computeEnvironment": "tour-machines"}]
    return {
        "jobQueueName": name,
        "priority": 10,
        "computeEnvironmentOrder": order,
        **more,
    }


def definition(name):
    return {
        "jobDefinitionName": name,
        "type": "container",
        "parameters": {"word": "hi"},
        "containerProperties": {
            "image": "busybox",
            "command": ["echo", "Ref::word"],
            "resourceRequirements": [
                {"type": "VCPU", "value": "1"},
                {"type": "MEMORY", "value": "128"},
            ],
        },
        "retryStrategy": {"attempts": 2},
        "timeout": {"attemptDurationSeconds": 600},
    }


def has(member, value):
    return lambda answer: expect(answer[member], value)


def one(member, name, value):
    def check(answer):
        expect(len(answer[member]), 1)
        expect(answer[member][0][name], value)

    return check


def some(member, name, value):
    return lambda answer: expect_in(value, [part[name] for part in answer[member]])


def nothing(answer):
    expect(answer, {})


def steps(seen):
    """Each step, once the one before it is done; `seen` has the answers by
    operation, the latest of each."""
    yield "CreateComputeEnvironment", environment("tour-machines"), has(
        "computeEnvironmentArn", ARN + "compute-environment/tour-machines"
    )
    yield "DescribeComputeEnvironments", {
        "computeEnvironments": ["tour-machines"]
    }, one("computeEnvironments", "status", "VALID")
    yield "UpdateComputeEnvironment", {
        "computeEnvironment": "tour-machines",
        "computeResources": {"maxvCpus": 32},
    }, has("computeEnvironmentName", "tour-machines")
    yield "CreateSchedulingPolicy", {
        "name": "tour-policy",
        "fairsharePolicy": {
            "shareDecaySeconds": 600,
            "shareDistribution": [{"shareIdentifier": "A*", "weightFactor": 0.5}],
        },
    }, has("arn", ARN + "scheduling-policy/tour-policy")
    yield "ListSchedulingPolicies", {}, some(
        "schedulingPolicies", "arn", ARN + "scheduling-policy/tour-policy"
    )
    yield "UpdateSchedulingPolicy", {
        "arn": ARN + "scheduling-policy/tour-policy",
        "fairsharePolicy": {"computeReservation": 5},
    }, nothing
    yield "DescribeSchedulingPolicies", {
        "arns": [ARN + "scheduling-policy/tour-policy"]
    }, one("schedulingPolicies", "name", "tour-policy")
    yield "CreateJobQueue", queue("tour-queue"), has(
        "jobQueueArn", ARN + "job-queue/tour-queue"
    )
    yield "UpdateJobQueue", {"jobQueue": "tour-queue", "priority": 11}, has(
        "jobQueueName", "tour-queue"
    )
    yield "DescribeJobQueues", {"jobQueues": ["tour-queue"]}, one(
        "jobQueues", "priority", 11
    )
    yield "RegisterJobDefinition", definition("tour-definition"), has("revision", 1)
    yield "DescribeJobDefinitions", {"jobDefinitionName": "tour-definition"}, one(
        "jobDefinitions",
        "jobDefinitionArn",
        ARN + "job-definition/tour-definition:1",
    )
    yield from steps_of_jobs(seen)
    yield from steps_of_consumable_resources(seen)
    yield from steps_of_quota_shares()
    yield from steps_of_service_jobs(seen)
    yield "DeregisterJobDefinition", {"jobDefinition": "tour-definition:1"}, nothing
    yield "UpdateJobQueue", {"jobQueue": "tour-queue", "state": "DISABLED"}, has(
        "jobQueueName", "tour-queue"
    )
    yield "DeleteJobQueue", {"jobQueue": "tour-queue"}, nothing
    yield "DeleteSchedulingPolicy", {
        "arn": ARN + "scheduling-policy/tour-policy"
    }, nothing


def steps_of_jobs(seen):
    yield "SubmitJob", {
        "jobName": "tour-job",
        "jobQueue": "tour-queue",
        "jobDefinition": "tour-definition",
        "parameters": {"word": "b \u00e9"},
        "tags": {"k": "v"},
    }, has("jobName", "tour-job")
    job = seen["SubmitJob"]["jobId"]
    yield "DescribeJobs", {"jobs": [job]}, one(
        "jobs", "jobQueue", ARN + "job-queue/tour-queue"
    )
    yield "ListJobs", {
        "jobQueue": "tour-queue",
        "filters": [{"name": "JOB_NAME", "values": ["tour*"]}],
    }, one("jobSummaryList", "jobId", job)
    yield "GetJobQueueSnapshot", {"jobQueue": "tour-queue"}, lambda answer: expect_in(
        "frontOfQueue", answer
    )
    arn = seen["SubmitJob"]["jobArn"]
    yield "TagResource", {"resourceArn": arn, "tags": {"a b": "\u00e9"}}, nothing
    yield "ListTagsForResource", {"resourceArn": arn}, has(
        "tags", {"a b": "\u00e9", "k": "v"}
    )
    yield "UntagResource", {"resourceArn": arn, "tagKeys": ["a b", "k"]}, nothing
    yield "CancelJob", {"jobId": job, "reason": "bye"}, nothing
    yield "TerminateJob", {"jobId": job, "reason": "bye"}, nothing


def steps_of_consumable_resources(seen):
    name = "tour-licences"
    yield "CreateConsumableResource", {
        "consumableResourceName": name,
        "totalQuantity": 3,
        "resourceType": "REPLENISHABLE",
    }, has("consumableResourceArn", ARN + "consumable-resource/" + name)
    yield "UpdateConsumableResource", {
        "consumableResource": name,
        "operation": "ADD",
        "quantity": 2,
    }, has("totalQuantity", 5)
    yield "DescribeConsumableResource", {"consumableResource": name}, has(
        "availableQuantity", 5
    )
    yield "ListConsumableResources", {}, some(
        "consumableResources", "consumableResourceName", name
    )
    yield "SubmitJob", {
        "jobName": "tour-licenced",
        "jobQueue": "tour-queue",
        "jobDefinition": "tour-definition",
        "consumableResourcePropertiesOverride": {
            "consumableResourceList": [{"consumableResource": name, "quantity": 2}]
        },
    }, has("jobName", "tour-licenced")
    yield "ListJobsByConsumableResource", {"consumableResource": name}, one(
        "jobs", "jobName", "tour-licenced"
    )
    yield "TerminateJob", {"jobId": seen["SubmitJob"]["jobId"], "reason": "x"}, nothing
    yield "DeleteConsumableResource", {"consumableResource": name}, nothing


def steps_of_quota_shares():
    yield "CreateSchedulingPolicy", {
        "name": "tour-quotas",
        "quotaSharePolicy": {"idleResourceAssignmentStrategy": "FIFO"},
    }, has("name", "tour-quotas")
    yield "CreateJobQueue", queue(
        "tour-shared", schedulingPolicyArn=ARN + "scheduling-policy/tour-quotas"
    ), has("jobQueueName", "tour-shared")
    limits = [{"maxCapacity": 4, "capacityUnit": "VCPU"}]
    yield "CreateQuotaShare", {
        "quotaShareName": "half",
        "jobQueue": "tour-shared",
        "capacityLimits": limits,
        "resourceSharingConfiguration": {"strategy": "RESERVE"},
        "preemptionConfiguration": {"inSharePreemption": "DISABLED"},
    }, has("quotaShareName", "half")
    arn = ARN + "job-queue/tour-shared/quota-share/half"
    yield "DescribeQuotaShare", {"quotaShareArn": arn}, has("quotaShareArn", arn)
    yield "ListQuotaShares", {"jobQueue": "tour-shared"}, some(
        "quotaShares", "quotaShareName", "half"
    )
    yield "UpdateQuotaShare", {"quotaShareArn": arn, "state": "DISABLED"}, has(
        "quotaShareName", "half"
    )
    yield "DeleteQuotaShare", {"quotaShareArn": arn}, nothing


def steps_of_service_jobs(seen):
    yield "CreateServiceEnvironment", {
        "serviceEnvironmentName": "tour-training",
        "serviceEnvironmentType": "SAGEMAKER_TRAINING",
        "capacityLimits": [{"maxCapacity": 4, "capacityUnit": "NUM_INSTANCES"}],
    }, has("serviceEnvironmentName", "tour-training")
    yield "DescribeServiceEnvironments", {
        "serviceEnvironments": ["tour-training"]
    }, one("serviceEnvironments", "status", "VALID")
    yield "CreateJobQueue", {
        "jobQueueName": "tour-training-queue",
        "priority": 1,
        "jobQueueType": "SAGEMAKER_TRAINING",
        "serviceEnvironmentOrder": [
            {"order": 1, "serviceEnvironment": "tour-training"}
        ],
    }, has("jobQueueName", "tour-training-queue")
    yield "SubmitServiceJob", {
        "jobName": "tour-service-job",
        "jobQueue": "tour-training-queue",
        "serviceRequestPayload": TRAINING,
        "serviceJobType": "SAGEMAKER_TRAINING",
    }, has("jobName", "tour-service-job")
    job = seen["SubmitServiceJob"]["jobId"]
    yield "DescribeServiceJob", {"jobId": job}, has("serviceRequestPayload", TRAINING)
    yield "ListServiceJobs", {
        "jobQueue": "tour-training-queue",
        "filters": [{"name": "JOB_NAME", "values": ["*"]}],
    }, one("jobSummaryList", "jobId", job)
    yield "UpdateServiceJob", {"jobId": job, "schedulingPriority": 5}, has("jobId", job)
    yield "TerminateServiceJob", {"jobId": job, "reason": "x"}, nothing
    yield "UpdateServiceEnvironment", {
        "serviceEnvironment": "tour-training",
        "state": "DISABLED",
    }, has("serviceEnvironmentName", "tour-training")
    yield "UpdateJobQueue", {
        "jobQueue": "tour-training-queue",
        "state": "DISABLED",
    }, has("jobQueueName", "tour-training-queue")
    yield "DeleteJobQueue", {"jobQueue": "tour-training-queue"}, nothing
    yield "DeleteServiceEnvironment", {"serviceEnvironment": "tour-training"}, nothing
    yield "CreateComputeEnvironment", environment("tour-gone", "DISABLED"), has(
        "computeEnvironmentName", "tour-gone"
    )
    yield "DeleteComputeEnvironment", {"computeEnvironment": "tour-gone"}, nothing
