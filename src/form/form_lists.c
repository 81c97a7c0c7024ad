/*-------------------------------------------------------------------------
 *
 * form_lists.c
 *	  The tables of lists without forms.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "form/form.h"

/* The lists without a form, and what is known of their records (xbb-api 8). */
const FormList form_lists[] = {
	{"users", "user", {
			{"user_id", "text", "userId", NULL, NULL}, {"name", "text", "name", NULL, NULL}, {"position", "text", "position", NULL, NULL},
			{"jobnumber", "text", "jobnumber", NULL, NULL}, {"avatar", "text", "avatar", NULL, NULL}, {"status", "integer", "status", NULL, NULL},
	{"department_list", "jsonb", "departmentList", NULL, NULL}, {"role_list", "jsonb", "roleList", NULL, NULL}}},
	{"departments", "department", {
			{"id", "bigint", "id", NULL, NULL}, {"name", "text", "name", NULL, NULL}, {"parent_id", "bigint", "parentId", NULL, NULL},
	{"dep_id_router", "text", "depIdRouter", NULL, NULL}, {"sort", "bigint", "sort", NULL, NULL}}},
	{"roles", "role", {
	{"id", "bigint", "id", NULL, NULL}, {"role_name", "text", "roleName", NULL, NULL}}},
	{"sign_ins", "signIn", {
			{"id", "bigint", "id", NULL, NULL}, {"user_id", "text", "userId", NULL, NULL}, {"add_time", "timestamptz", "addTime", NULL, NULL},
	{"address", "text", "address", NULL, NULL}, {"memo", "text", "memo", NULL, NULL}}},
	{"product_categories", "productCategory", {
			{"id", "bigint", "id", NULL, NULL}, {"name", "text", "name", NULL, NULL}, {"parent_id", "bigint", "parentId", NULL, NULL},
			{"router", "text", "router", NULL, NULL}, {"sort", "bigint", "sort", NULL, NULL},
	{"child_list", "jsonb", "childList", NULL, NULL}}},
};

const int	form_nlists = lengthof(form_lists);

const FormColumn form_label_columns[3] = {
	{"id", "bigint", "id", NULL, NULL}, {"name", "text", "name", NULL, NULL}, {"label_entities", "jsonb", "labelEntities", NULL, NULL}
};
