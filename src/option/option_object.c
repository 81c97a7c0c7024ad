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

#include "utils/varlena.h"

#include "base/compat.h"
#include "option/option_data.h"

#define API_PREFIX "/pro/v2/api/"

/* Lists that take conditions and answer with "list", told apart by "dataId". */
#define BUSINESS(name, path, needs_form_id, needs_user_id) \
	{name, API_PREFIX path, "list", "dataId", \
	needs_form_id, needs_user_id, true, true}

/* Lists of the company's own set-up, which know no conditions. */
#define SETUP(name, path, list_key, id_key, needs_form_id, paged) \
	{name, API_PREFIX path, list_key, id_key, \
	needs_form_id, false, false, paged}

static const OptionObject objects[] = {
	BUSINESS("product", "product/list", false, false),
	BUSINESS("customer", "customer/list", true, false),
	BUSINESS("contact", "contact/list", false, false),
	BUSINESS("clue", "clue/list", true, false),
	BUSINESS("opportunity", "opportunity/list", true, false),
	BUSINESS("contract", "contract/list", true, false),
	BUSINESS("contractOutstock", "contractOutstock/list", false, false),
	BUSINESS("refund", "refund/list", false, false),
	BUSINESS("payment", "payment/list", false, false),
	BUSINESS("paymentSheet", "paymentSheet/list", false, false),
	BUSINESS("paySheet", "paySheet/list", false, false),
	BUSINESS("communicate", "communicate/list", false, false),
	BUSINESS("communicatePlan", "communicatePlan/list", true, true),
	BUSINESS("marketActivity", "marketActivity/list", true, false),
	BUSINESS("workOrder", "workOrderV2/list", true, false),
	BUSINESS("workReportDaily", "workReportDaily/list", false, true),
	BUSINESS("workReportWeekly", "workReportWeekly/list", false, true),
	BUSINESS("workReportMonthly", "workReportMonthly/list", false, true),
	BUSINESS("workTimeRecord", "workTimeRecord/list", false, false),
	BUSINESS("paas", "paas/list", true, false),

	SETUP("user", "user/list", "userList", "userId", false, true),
	SETUP("department", "department/list", "depList", "id", false, true),
	SETUP("role", "role/list", "roleList", "id", false, false),
	SETUP("signIn", "signIn/list", "signInList", "id", false, true),
	SETUP("label", "label/allList", "labelTree", "id", true, false),
	SETUP("productCategory", "product/categoryList", "list", "id", false, false),
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

const char *
option_object_nearest(const char *name)
{
	ClosestMatchState match;

	initClosestMatch(&match, name, 4);
	for (int i = 0; i < (int) lengthof(objects); i++)
		updateClosestMatch(&match, objects[i].name);
	return getClosestMatch(&match);
}
