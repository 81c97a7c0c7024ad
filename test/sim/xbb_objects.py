"""What there is in an XBB company: objects, where their lists are, what these want."""
import itertools

PREFIX = "/pro/v2/api/"

# Objects whose list wants a formId (section 8), and those that want a userId.
FORM_REQUIRED = {"paas", "customer", "clue", "contract", "opportunity", "workOrderV2", "communicatePlan",
                 "marketActivity"}
USER_REQUIRED = {"communicatePlan", "workReportDaily", "workReportWeekly", "workReportMonthly"}
PLAIN = {"product", "contact", "communicate", "payment", "paymentSheet", "paySheet", "refund", "contractOutstock",
         "workReportDaily", "workReportWeekly", "workReportMonthly", "workTimeRecord", "buyerInquiry", "workOrder"}
RECYCLED = {"customer", "clue"}
BUSINESS = {"product": 2401, "customer": 100, "contract": 201, "opportunity": 301, "contact": 401, "communicate": 501,
            "communicatePlan": 601, "payment": 701, "paymentSheet": 702, "refund": 202, "clue": 8000,
            "marketActivity": 8100, "workOrderV2": 20300, "contractOutstock": 1504, "workReportDaily": 2102,
            "workReportWeekly": 2103, "workReportMonthly": 2104}
NAMES = {"product": "产品", "customer": "客户", "contract": "合同订单", "opportunity": "销售机会", "contact": "联系人",
         "communicate": "跟进记录", "communicatePlan": "访客计划", "payment": "回款计划", "paymentSheet": "回款单",
         "refund": "退货退款", "clue": "线索", "marketActivity": "市场活动", "workOrderV2": "工单", "paas": "自定义表单"}

# Flat lists: object -> path, key of the list, id, paged?
FLAT = {"user": ("user/list", "userList", "userId", True),
        "department": ("department/list", "depList", "id", True),
        "role": ("role/list", "roleList", "id", False),
        "signIn": ("signIn/list", "signInList", "id", True),
        "label": ("label/allList", "labelTree", "id", False),
        "category": ("product/categoryList", "list", "id", False),
        "workOrderProduct": ("workOrder/productList", "list", "id", True),
        "workOrderLog": ("workOrderV2/dynamic/list", "list", "id", True)}
FLAT_PATHS = {spec[0]: kind for kind, spec in FLAT.items()}
RECORD_MODULES = PLAIN | FORM_REQUIRED

list_numbers = itertools.count(1)     # each list made has its own, so that nothing kept of another is taken for its
