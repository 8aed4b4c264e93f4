// SPDX-License-Identifier: Apache-2.0
//
// What of a WorldPlan is about capacity that comes and goes by other ways than
// instances: each function adds something to a plan that is drawn already.
#ifndef EMBATCH_TESTS_PROPERTY_CAPACITY_PLAN_H_
#define EMBATCH_TESTS_PROPERTY_CAPACITY_PLAN_H_

#include "tests/property/random.h"
#include "tests/property/world_plan.h"

namespace embatch {

// All environments are of Fargate, and the jobs such as run there.
void MakeFargate(Random& random, WorldPlan& plan);

// Queues end what is blocked for too long; some change their mind about it.
void AddTimeLimits(Random& random, WorldPlan& plan);

// Some jobs need consumable resources, of which there are more and fewer.
void AddConsumables(Random& random, WorldPlan& plan);

// Environments are updated, found INVALID, deleted, made again.
void AddEnvironmentChanges(Random& random, WorldPlan& plan);

// Some jobs are rejected when they are launched.
void AddRejections(Random& random, WorldPlan& plan);

}  // namespace embatch

#endif  // EMBATCH_TESTS_PROPERTY_CAPACITY_PLAN_H_
