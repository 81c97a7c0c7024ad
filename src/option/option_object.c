/*-------------------------------------------------------------------------
 *
 * option_object.c
 *	  The kinds of business objects and their read endpoints.
 *
 * Names are the API's own module names, so that its documentation can be read
 * beside a table's definition.  An endpoint that is missing here is reached by
 * option "api".
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "option/nearest.h"
#include "option/option_data.h"

#define API_PREFIX "/pro/v2/api/"

/*
 * Lists that take conditions and answer with "list", told apart by "dataId".  What
 * else an object needs follows, by its field's name.
 */
#define BUSINESS(object, endpoint, ...) \
	{.name = object, .path = API_PREFIX endpoint, .list_key = "list", .id_key = "dataId", \
	.has_times = true, .paged = true, __VA_ARGS__}

/* Lists of the company's own set-up, which know no conditions. */
#define SETUP(object, endpoint, list, id, ...) \
	{.name = object, .path = API_PREFIX endpoint, .list_key = list, .id_key = id, __VA_ARGS__}

static const OptionObject objects[] = {
	BUSINESS("product", "product/list", .business_type = 2401),
	BUSINESS("customer", "customer/list", .business_type = 100, .needs_form_id = true),
	BUSINESS("contact", "contact/list", .business_type = 401),
	BUSINESS("clue", "clue/list", .business_type = 8000, .needs_form_id = true),
	BUSINESS("opportunity", "opportunity/list", .business_type = 301, .needs_form_id = true),
	BUSINESS("contract", "contract/list", .business_type = 201, .needs_form_id = true),
	BUSINESS("contractOutstock", "contractOutstock/list", .business_type = 1504),
	BUSINESS("refund", "refund/list", .business_type = 202),
	BUSINESS("payment", "payment/list", .business_type = 701),
	BUSINESS("paymentSheet", "paymentSheet/list", .business_type = 702),
	BUSINESS("paySheet", "paySheet/list"),
	BUSINESS("communicate", "communicate/list", .business_type = 501),
	BUSINESS("communicatePlan", "communicatePlan/list", .business_type = 601, .needs_form_id = true, .needs_user_id = true),
	BUSINESS("marketActivity", "marketActivity/list", .business_type = 8100, .needs_form_id = true),
	BUSINESS("workOrder", "workOrderV2/list", .business_type = 20300, .needs_form_id = true),
	BUSINESS("workReportDaily", "workReportDaily/list", .business_type = 2102, .needs_user_id = true),
	BUSINESS("workReportWeekly", "workReportWeekly/list", .business_type = 2103, .needs_user_id = true),
	BUSINESS("workReportMonthly", "workReportMonthly/list", .business_type = 2104, .needs_user_id = true),
	BUSINESS("workTimeRecord", "workTimeRecord/list"),
	BUSINESS("buyerInquiry", "buyerInquiry/list"),
	BUSINESS("paas", "paas/list", .needs_form_id = true),

	SETUP("user", "user/list", "userList", "userId", .paged = true),
	SETUP("department", "department/list", "depList", "id", .paged = true),
	SETUP("role", "role/list", "roleList", "id"),
	SETUP("signIn", "signIn/list", "signInList", "id", .paged = true),
	SETUP("label", "label/allList", "labelTree", "id", .needs_form_id = true),
	SETUP("productCategory", "product/categoryList", "list", "id"),
};

const OptionObject *
option_object_by_name(const char *name)
{
	for (int i = 0; i < (int) lengthof(objects); i++)
	{
		if (strcmp(objects[i].name, name) == 0)
			return &objects[i];
	}
	return NULL;
}

const OptionObject *
option_object_by_business_type(int64 business_type)
{
	for (int i = 0; i < (int) lengthof(objects); i++)
	{
		if (business_type > 0 && objects[i].business_type == business_type)
			return &objects[i];
	}
	return NULL;
}

const OptionObject *
option_object_by_path(const char *path)
{
	OptionObject *object;

	for (int i = 0; i < (int) lengthof(objects); i++)
	{
		if (strcmp(objects[i].path, path) == 0)
			return &objects[i];
	}

	object = palloc0(sizeof(OptionObject));
	object->name = object->path = pstrdup(path);
	object->list_key = "list";
	object->id_key = "dataId";
	object->has_times = true;
	object->paged = true;
	return object;
}

const OptionObject *
option_object_with_keys(const OptionObject *object, const char *list_key, const char *id_key)
{
	OptionObject *result;

	if (list_key == NULL && id_key == NULL)
		return object;
	result = palloc(sizeof(OptionObject));
	*result = *object;
	if (list_key)
		result->list_key = list_key;
	if (id_key)
		result->id_key = id_key;
	result->has_times = object->has_times && strcmp(result->list_key, "list") == 0 &&
		strcmp(result->id_key, "dataId") == 0;
	return result;
}

const char *
option_object_nearest(const char *name)
{
	NearestName nearest = {.source = name};

	for (int i = 0; i < (int) lengthof(objects); i++)
		nearest_offer(&nearest, objects[i].name);
	return nearest.name;
}
